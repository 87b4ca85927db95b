-- Rows a device has claimed or may have sent before a crash; $3: ids it holds in memory. A text with variables
-- that may have left is the one that was written down then, whatever became of the lead since.
select o.id, o.campaign_id, o.sequence_id, o.recipient, o.msg_id, o.attempt, o.state,
  case when not c.templated or m.msg_id is null then o.content_id end as content_id,
  coalesce(o.body, case when c.templated then m.body end, c.body) as body,
  coalesce(o.media_id, c.media_id) as media_id, c.delay_min_ms, c.delay_max_ms, o.priority,
  c.templated and m.msg_id is null as templated, l.name as lead_name, array_to_string(l.niches, ',') as lead_niche,
  l.note as lead_note, l.vars::text as lead_vars, o.followed
from outbox o left join contents c on c.user_id = o.user_id and c.id = o.content_id
left join messages m on m.user_id = o.user_id and m.device_id = o.device_id and m.from_me
  and m.msg_id = case when c.templated and o.state = 2 then o.msg_id end
left join lateral (
  select * from leads where user_id = o.user_id and phone = case when c.templated then o.recipient end offset 0
) l on true
where o.user_id = $1 and o.device_id = $2 and o.state in (1, 2) and not o.paused and o.id <> all($3::bigint[])
order by o.state desc, o.priority, o.id
limit 1000
