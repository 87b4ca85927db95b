select c.id, c.title, c.niche, c.lead_status, c.body, c.media_id, array_to_string(c.device_ids, ' ') as device_ids, c.delay_min_ms, c.delay_max_ms,
  c.state, c.start_at, c.expanded_at, c.finished_at, c.created_at,
  n.total, n.pending, n.sending, n.sent, n.delivered, n.read, n.failed, n.cancelled
from campaigns c
left join lateral (
  select count(*) as total,
    count(*) filter (where state in (0, 1)) as pending, count(*) filter (where state = 2) as sending,
    count(*) filter (where state >= 3 and state <= 5) as sent,
    count(*) filter (where state in (4, 5)) as delivered, count(*) filter (where state = 5) as read,
    count(*) filter (where state = 6) as failed, count(*) filter (where state = 7) as cancelled
  from outbox o where o.user_id = c.user_id and o.campaign_id = c.id
) n on true
where c.user_id = $1 and c.id = $2
