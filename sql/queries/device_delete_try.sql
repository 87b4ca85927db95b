-- what device_delete would cancel
select count(*) as cancelled from outbox where user_id = $1 and device_id = $2 and state in (0, 1, 2)
