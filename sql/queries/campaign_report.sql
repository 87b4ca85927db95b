-- a campaign's messages by device; one row without a device when it has none yet
select c.id, o.device_id, d.name, count(o.id) as total,
  count(o.id) filter (where o.state in (0, 1, 2)) as pending, count(o.id) filter (where o.state in (3, 4, 5)) as success,
  count(o.id) filter (where o.state in (4, 5)) as delivered, count(o.id) filter (where o.state = 5) as read,
  count(o.id) filter (where o.state = 6) as failed, count(o.id) filter (where o.state = 7) as cancelled,
  count(o.id) filter (where o.state = 8) as skipped, count(o.id) filter (where o.state = 9) as expired,
  max(o.sent_at) as last_sent_at
from campaigns c
left join outbox o on o.user_id = c.user_id and o.campaign_id = c.id
left join devices d on d.user_id = o.user_id and d.id = o.device_id
where c.user_id = $1 and c.id = $2
group by c.id, o.device_id, d.name
order by o.device_id
