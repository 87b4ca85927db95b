-- a call is offered to the device: the event ($4), once, although the stanza may come again. $1 user, $2 device,
-- $3 hash of who calls and the call's id
with new as (
  insert into opened (user_id, device_id, hash) values ($1::bigint, $2::bigint, $3::bytea) on conflict do nothing
  returning user_id
)
insert into events (user_id, topic, data) select user_id, 'call.offered', $4::jsonb from new
