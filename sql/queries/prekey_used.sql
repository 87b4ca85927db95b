-- the message that used this one-time key is stored by the same unit
delete from prekeys where user_id = $1::bigint and device_id = $2::bigint and id = $3::integer
