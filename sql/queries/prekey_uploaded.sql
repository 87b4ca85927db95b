-- $1 user, $2 device, $3 ids
update prekeys set uploaded = true where user_id = $1 and device_id = $2 and id = any ($3::integer[])
