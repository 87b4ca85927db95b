delete from history_syncs where user_id = $1::bigint and device_id = $2::bigint and msg_id = $3::text
