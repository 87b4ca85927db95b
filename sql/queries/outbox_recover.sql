-- rows a device has claimed or may have sent before a crash; $3: ids it holds in memory
select o.id, o.campaign_id, o.recipient, o.msg_id, o.attempt, o.state, o.content_id, coalesce(o.body, c.body) as body,
  coalesce(o.media_id, c.media_id) as media_id, c.delay_min_ms, c.delay_max_ms, o.priority
from outbox o left join contents c on c.user_id = o.user_id and c.id = o.content_id
where o.user_id = $1 and o.device_id = $2 and o.state in (1, 2) and not o.paused and o.id <> all($3::bigint[])
order by o.state desc, o.priority, o.id
limit 1000
