-- The server told of the lock of new chats: it ends at $3; null: there is none. What was refused waits until then,
-- or has failed: a stranger who gave no token, and another try would count as one more. What waited for a lock that
-- is over may go.
with locked as (
  update outbox set not_before = $3, error_class = 'reach_locked', error = 'WhatsApp allows no new chats until then'
  where user_id = $1 and device_id = $2 and state = 0 and error_class in ('cold_contact', 'reach_locked')
    and $3::timestamptz is not null
), freed as (
  update outbox set not_before = now(), error_class = null, error = null
  where user_id = $1 and device_id = $2 and state = 0 and error_class = 'reach_locked' and $3::timestamptz is null
), failed as (
  update outbox set state = 6
  where user_id = $1 and device_id = $2 and state = 0 and error_class = 'cold_contact' and $3::timestamptz is null
  returning user_id, id, campaign_id, device_id, recipient, msg_id, error
), device as (
  update devices set reach_locked_until = $3
  where user_id = $1 and id = $2 and reach_locked_until is distinct from $3
  returning user_id, id, name, reach_locked_until
)
insert into events (user_id, topic, data)
select user_id, 'message.failed', jsonb_build_object('id', id::text, 'device', device_id::text,
  'campaign', campaign_id::text, 'to', recipient::text, 'msg_id', msg_id, 'class', 'cold_contact', 'error', error)
from failed
union all
select user_id, 'device.reach_locked', jsonb_build_object('device', id::text, 'name', name, 'until', reach_locked_until)
from device where $3::timestamptz > now()
