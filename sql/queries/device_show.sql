-- $2 device or null for all, $3 after id, $4 limit
select d.id, d.name, d.push_name, d.delay_min_ms, d.delay_max_ms, d.created_at, d.linked_at,
  d.per_minute_max, d.per_hour_max, d.per_day_max, d.warm_up, d.keep_days, d.store_chats, d.reach_locked_until, d.proxy,
  to_char(d.quiet_from, 'HH24:MI') as quiet_from, to_char(d.quiet_to, 'HH24:MI') as quiet_to,
  (select count(*) from outbox o where o.user_id = d.user_id and o.device_id = d.id and o.state = 0 and not o.paused)
    + (select count(*) from outbox o where o.user_id = d.user_id and o.device_id = d.id and o.state in (1, 2)) as queued
from devices d
where d.user_id = $1 and ($2::bigint is null or d.id = $2) and d.id > $3
order by d.id
limit $4
