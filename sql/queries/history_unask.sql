-- request $3 of device $2 has not left
delete from history_requests where user_id = $1::bigint and device_id = $2::bigint and msg_id = $3::text
