-- A direct message; the same idempotency key gives the same row, and whether it is the same message. full: the
-- user has queued as many as he may on this day.
with known as (
  select id, state, device_id, recipient, body, media_id from outbox
  where user_id = $1::bigint and idempotency_key = $6::text
), who as (
  select id, (now() at time zone zone)::date as day, coalesce(max_messages_day, 2147483647) as most
  from users where id = $1::bigint
), counted as (
  insert into user_days as d (user_id, day, queued)
  select id, day, 1 from who where most > 0 and not exists (select from known)
  on conflict (user_id, day) do update set queued = d.queued + 1 where d.queued < (select most from who)
  returning 1
), added as (
  insert into outbox (user_id, device_id, recipient, body, media_id, priority, idempotency_key)
  select $1::bigint, $2::bigint, $3::bigint, $4::text, $5::bigint, 1, $6::text from counted
  on conflict (user_id, idempotency_key) where idempotency_key is not null do nothing
  returning user_id, id, state, device_id, recipient
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'message.queued', jsonb_build_object('id', id::text, 'device', device_id::text, 'to', recipient::text)
  from added
)
select id, state, device_id, true as same, false as full from added
union all
select id, state, device_id, recipient = $3 and device_id = $2 and body is not distinct from $4
  and (media_id is null) = ($5::bigint is null), false
from known
union all
select 0, 0::smallint, 0, true, true where not exists (select from known) and not exists (select from counted)
