-- Requests of device $2 whose answer is late now: each is told of once. Answers how many milliseconds it takes
-- until the next may be late; null when none waits.
with late as (
  update history_requests set late = true
  where user_id = $1::bigint and device_id = $2::bigint and not late and until <= now()
  returning chat, msg_id
), told as (
  insert into events (user_id, topic, data)
  select $1::bigint, 'chat.sync_failed', jsonb_build_object('device', $2::bigint::text, 'chat', chat_now($1::bigint, $2::bigint, chat),
    'request', msg_id, 'reason', 'the phone did not answer in time')
  from late
)
select (extract(epoch from min(until) - now()) * 1000)::bigint as wait_ms from history_requests
where user_id = $1::bigint and device_id = $2::bigint and not late and until > now()
