-- claimed rows a device gives back unsent; $3 ids
update outbox set state = 0 where user_id = $1 and device_id = $2 and id = any($3::bigint[]) and state = 1
