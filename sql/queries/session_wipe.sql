-- the device has new keys: nothing of the old ones is of use
delete from sessions where user_id = $1::bigint and device_id = $2::bigint
