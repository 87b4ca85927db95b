-- a campaign's messages by device, those that the queue holds no more (outbox_trimmed) with them; one row without a device
-- when it has none yet
with o as (
  select device_id, state, count(*) as n, max(sent_at) as sent_at from outbox where user_id = $1 and campaign_id = $2
  group by device_id, state
  union all
  select device_id, state, rows, last_sent_at from outbox_trimmed where user_id = $1 and campaign_id = $2
)
select c.id, o.device_id, d.name, coalesce(sum(n), 0)::bigint as total,
  coalesce(sum(n) filter (where o.state in (0, 1, 2)), 0)::bigint as pending,
  coalesce(sum(n) filter (where o.state in (3, 4, 5)), 0)::bigint as success,
  coalesce(sum(n) filter (where o.state in (4, 5)), 0)::bigint as delivered,
  coalesce(sum(n) filter (where o.state = 5), 0)::bigint as read, coalesce(sum(n) filter (where o.state = 6), 0)::bigint as failed,
  coalesce(sum(n) filter (where o.state = 7), 0)::bigint as cancelled,
  coalesce(sum(n) filter (where o.state = 8), 0)::bigint as skipped,
  coalesce(sum(n) filter (where o.state = 9), 0)::bigint as expired, max(o.sent_at) as last_sent_at
from campaigns c
left join o on true
left join devices d on d.user_id = c.user_id and d.id = o.device_id
where c.user_id = $1 and c.id = $2
group by c.id, o.device_id, d.name
order by o.device_id
