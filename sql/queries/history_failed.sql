-- $4 why; tried again later, less and less often, $5 times in all. $6 the request that it answers or null: it is
-- told of when there is no other try.
with tried as (
  update history_syncs set attempt = attempt + 1, error = $4::text,
    not_before = now() + interval '1 minute' * power(4, attempt)
  where user_id = $1::bigint and device_id = $2::bigint and msg_id = $3::text and attempt + 1 < $5::integer
  returning 1
), gone as (
  delete from history_syncs
  where user_id = $1::bigint and device_id = $2::bigint and msg_id = $3::text and attempt + 1 >= $5::integer
  returning 1
), request as (
  delete from history_requests
  where user_id = $1::bigint and device_id = $2::bigint and msg_id = $6::text and exists (select from gone)
  returning msg_id, chat_now($1::bigint, $2::bigint, chat) as chat
)
insert into events (user_id, topic, data)
select $1::bigint, 'chat.sync_failed', jsonb_build_object('device', $2::bigint::text, 'chat', chat, 'request', msg_id,
  'reason', $4::text)
from request
