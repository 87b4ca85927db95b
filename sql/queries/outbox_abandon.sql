-- a device is gone for good: what may have left cannot be sent again by another
with u as (
  update outbox
  set state = 6, error_class = 'device_gone', error = 'the device was unlinked before the server answered'
  where user_id = $1 and device_id = $2 and state = 2
  returning user_id, id, campaign_id, device_id, recipient, msg_id
)
insert into events (user_id, topic, data)
select user_id, 'message.failed', jsonb_build_object('id', id::text, 'device', device_id::text,
  'campaign', campaign_id::text, 'to', recipient::text, 'msg_id', msg_id, 'class', 'device_gone', 'error', 'the device was unlinked before the server answered')
from u
