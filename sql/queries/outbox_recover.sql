-- rows a device has claimed or may have sent before a crash; $3: ids it holds in memory
select id, campaign_id, recipient, msg_id, attempt, state, body, media_id, priority
from outbox
where user_id = $1 and device_id = $2 and state in (1, 2) and id <> all($3::bigint[])
order by state desc, priority, id
limit 1000
