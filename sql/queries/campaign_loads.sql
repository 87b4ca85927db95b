-- how much each of a user's devices has to send already
select device_id, count(*) as rows from outbox where user_id = $1 and state = 0 and not paused group by device_id
