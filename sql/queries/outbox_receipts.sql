-- receipts of many devices only raise rows (one that was given up or cancelled, but arrived, says so)
-- and may come before the ack, which they then stand for.
-- $1 users, $2 devices, $3 message ids, $4 new states (4 or 5), $5 when in ms
with said as (
  select r.user_id, r.device_id, r.msg_id, max(r.state) as state, to_timestamp(min(r.at_ms) / 1000.0) as first_at,
    to_timestamp(min(r.at_ms) filter (where r.state = 5) / 1000.0) as read_at
  from unnest($1::bigint[], $2::bigint[], $3::text[], $4::integer[], $5::bigint[])
    as r (user_id, device_id, msg_id, state, at_ms)
  group by 1, 2, 3
), old as (
  select o.user_id, o.id, o.state, said.state as to_state, said.first_at, said.read_at
  from said join outbox o on o.user_id = said.user_id and o.device_id = said.device_id and o.msg_id = said.msg_id
  where o.state < said.state or o.state in (6, 7)
  for update of o
), u as (
  update outbox o
  set state = old.to_state, sent_at = coalesce(o.sent_at, old.first_at),
    delivered_at = coalesce(o.delivered_at, old.first_at), read_at = coalesce(o.read_at, old.read_at)
  from old
  where o.user_id = old.user_id and o.id = old.id
  returning o.user_id, o.id, o.campaign_id, o.device_id, o.recipient, o.msg_id, old.state as before, old.to_state
)
insert into events (user_id, topic, data)
select u.user_id, step.topic, jsonb_build_object('id', u.id::text, 'device', u.device_id::text,
  'campaign', u.campaign_id::text, 'to', u.recipient::text, 'msg_id', u.msg_id)
from u join (values (3, 'message.sent'), (4, 'message.delivered'), (5, 'message.read')) as step (state, topic)
  on (step.state > u.before or u.before > 5) and step.state <= u.to_state
order by u.id, step.state
