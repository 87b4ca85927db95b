-- $1 user, $2 device
delete from sessions where user_id = $1 and device_id = $2
