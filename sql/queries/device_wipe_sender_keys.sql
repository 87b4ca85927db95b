-- $1 user, $2 device
delete from sender_keys where user_id = $1 and device_id = $2
