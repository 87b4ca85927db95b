-- what a device's worker goes by: pacing, pauses (its own, its user's, everybody's; null: it may send), what it
-- has sent lately, quiet hours as instants of the coming days. $1 user, $2 device
select d.delay_min_ms, d.delay_max_ms, d.per_minute_max, d.per_hour_max, d.per_day_max, d.warm_up, d.linked_at,
  d.reach_locked_until, d.proxy, p.next_at, p.counts, d.paused as device_paused,
  case when d.paused then coalesce(d.pause_reason, '')
    else coalesce((select coalesce(q.reason, '') from queue_pauses q where q.user_id = $1),
      (select coalesce(h.reason, '') from queue_hold h)) end as pause_reason,
  quiet.froms as quiet_froms, quiet.tos as quiet_tos
from devices d
join users u on u.id = d.user_id
left join device_pacing p on p.user_id = d.user_id and p.device_id = d.id
left join lateral (
  select array_agg((extract(epoch from w.began) * 1000)::bigint order by w.began) as froms,
    array_agg((extract(epoch from w.ended) * 1000)::bigint order by w.began) as tos
  from (
    select (day + d.quiet_from) at time zone u.zone as began,
      (day + (d.quiet_to <= d.quiet_from)::integer + d.quiet_to) at time zone u.zone as ended
    from (select (now() at time zone u.zone)::date + n as day from generate_series(-1, 6) n) days
  ) w
  where d.quiet_from is not null
) quiet on true
where d.user_id = $1 and d.id = $2
