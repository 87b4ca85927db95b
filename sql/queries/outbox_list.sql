-- newest first; $2 device or null, $3 campaign or null, $4 before id or null
select id, campaign_id, device_id, recipient, body, media_id, state, paused, msg_id, attempt, not_before,
  error_class, error, created_at, sending_at, sent_at, delivered_at, read_at
from outbox
where user_id = $1 and ($2::bigint is null or device_id = $2) and ($3::bigint is null or campaign_id = $3)
  and ($4::bigint is null or id < $4)
order by id desc
limit $5
