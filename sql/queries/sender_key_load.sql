-- the keys of one sender in one group
select record from sender_keys
where user_id = $1::bigint and device_id = $2::bigint and group_jid = $3::text
  and peer_server = $4::integer::smallint and peer_user = $5::bigint and peer_device = $6::integer
