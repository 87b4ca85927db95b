-- the server's acks of many rows; $3: server time in ms. A row cancelled while it was leaving (7), or
-- whose recipient opted out then, was sent all the same, and says so. A lead whom another device talked to last is
-- this device's now; who writes to the same lead at this moment goes first, the next ack says it again.
with u as (
  update outbox o
  set state = 3, sent_at = coalesce(o.sent_at, to_timestamp(v.at_ms / 1000.0)), error_class = null, error = null
  from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as v (user_id, id, at_ms)
  where o.user_id = v.user_id and o.id = v.id and (o.state in (0, 1, 2, 7) or (o.state = 6 and o.error_class = 'opted_out'))
  returning o.user_id, o.id, o.campaign_id, o.device_id, o.recipient, o.msg_id
), acked as ( -- also those that a receipt has raised before
  select o.user_id, o.device_id, o.recipient from unnest($1::bigint[], $2::bigint[]) as v (user_id, id)
  join outbox o on o.user_id = v.user_id and o.id = v.id
), talked as (
  select l.ctid as place, l.user_id, a.device_id from acked a join leads l on l.user_id = a.user_id and l.phone = a.recipient
  where l.device_id is distinct from a.device_id
  for update of l skip locked
), own as (
  update leads l set device_id = talked.device_id from talked where l.ctid = talked.place and l.user_id = talked.user_id
)
insert into events (user_id, topic, data)
select user_id, 'message.sent', jsonb_build_object('id', id::text, 'device', device_id::text,
  'campaign', campaign_id::text, 'to', recipient::text, 'msg_id', msg_id)
from u
