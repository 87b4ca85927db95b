select id, campaign_id, device_id, recipient, body, media_id, state, paused, msg_id, attempt, not_before,
  error_class, error, created_at, sending_at, sent_at, delivered_at, read_at
from outbox where user_id = $1 and id = $2
