-- $1 user, $2 days or null, $3 and $4 first and last day or null, $5 after id: those with a figure in these days or with messages that wait
select c.id, c.title as name, c.state, m.sent as all_sent, m.delivered as all_delivered, m.read as all_read, m.replied as all_replied, m.direct as all_direct,
  m.opt_outs as all_opt_outs, m.received as all_received, m.failed as all_failed, m.failures,
  t.sent as total_sent, t.delivered as total_delivered, t.read as total_read, t.replied as total_replied,
  n.pending, n.expired + (select k.expired from outbox_trimmed_of($1, c.id, 0) k) as expired
from analytics_window($1, $2, $3, $4) w
join campaigns c on c.user_id = $1 and c.id > $5
cross join analytics_people_in($1, 2::smallint, c.id, w.first, w.last) t
cross join analytics_messages_in($1, 2::smallint, c.id, w.first, w.last) m
cross join lateral (
  select count(*) filter (where o.state < 3) as pending, count(*) filter (where o.state = 9) as expired
  from outbox o where o.user_id = $1 and o.campaign_id = c.id and o.state in (0, 1, 2, 9)
) n
where m.sent + m.failed + m.opt_outs + n.pending > 0
order by c.id
limit $6
