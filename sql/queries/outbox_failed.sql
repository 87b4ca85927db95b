-- a final failure: $3 class, $4 text
with u as (
  update outbox
  set state = 6, error_class = $3, error = $4
  where user_id = $1 and id = $2 and state in (0, 1, 2)
  returning user_id, id, campaign_id, device_id, recipient, msg_id
)
insert into events (user_id, topic, data)
select user_id, 'message.failed', jsonb_build_object('id', id::text, 'device', device_id::text,
  'campaign', campaign_id::text, 'to', recipient::text, 'msg_id', msg_id, 'class', $3::text, 'error', $4::text)
from u
