-- rows by device and state
select device_id, state, paused, count(*) as rows
from outbox where user_id = $1
group by device_id, state, paused
