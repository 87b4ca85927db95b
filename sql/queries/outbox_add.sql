-- a direct message; the same idempotency key gives the same row, and whether it is the same message
with added as (
  insert into outbox (user_id, device_id, recipient, body, media_id, priority, idempotency_key)
  values ($1, $2, $3, $4, $5, 1, $6)
  on conflict (user_id, idempotency_key) where idempotency_key is not null do nothing
  returning user_id, id, state, device_id, recipient
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'message.queued', jsonb_build_object('id', id::text, 'device', device_id::text, 'to', recipient::text)
  from added
)
select id, state, device_id, true as same from added
union all
select id, state, device_id,
  recipient = $3 and device_id = $2 and body is not distinct from $4 and (media_id is null) = ($5::bigint is null)
from outbox
where user_id = $1 and idempotency_key = $6 and not exists (select 1 from added)
