-- receipts only raise a row (one that was given up or cancelled, but arrived, says so); they may come before the ack, which they then stand for.
-- $3 message ids, $4 new state (4 or 5), $5 when
with old as (
  select user_id, id, state
  from outbox
  where user_id = $1 and device_id = $2 and msg_id = any($3::text[]) and (state < $4 or state in (6, 7))
  for update
), u as (
  update outbox o
  set state = $4, sent_at = coalesce(o.sent_at, $5), delivered_at = coalesce(o.delivered_at, $5),
    read_at = case when $4 = 5 then coalesce(o.read_at, $5) else o.read_at end
  from old
  where o.user_id = old.user_id and o.id = old.id
  returning o.user_id, o.id, o.campaign_id, o.device_id, o.recipient, o.msg_id, old.state as before
)
insert into events (user_id, topic, data)
select u.user_id, step.topic, jsonb_build_object('id', u.id::text, 'device', u.device_id::text,
  'campaign', u.campaign_id::text, 'to', u.recipient::text, 'msg_id', u.msg_id)
from u join (values (3, 'message.sent'), (4, 'message.delivered'), (5, 'message.read')) as step (state, topic)
  on (step.state > u.before or u.before > 5) and step.state <= $4
order by u.id, step.state
