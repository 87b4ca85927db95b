-- what waits for each device of a user: $2 device or null
select d.id,
  (select count(*) from outbox o where o.user_id = d.user_id and o.device_id = d.id and o.state = 0 and not o.paused)
    + (select count(*) from outbox o where o.user_id = d.user_id and o.device_id = d.id and o.state in (1, 2)) as queued
from devices d
where d.user_id = $1 and ($2::bigint is null or d.id = $2)
order by d.id
