insert into sender_keys (user_id, device_id, group_jid, peer_server, peer_user, peer_device, record)
values ($1::bigint, $2::bigint, $3::text, $4::integer::smallint, $5::bigint, $6::integer, $7::bytea)
on conflict (user_id, device_id, group_jid, peer_server, peer_user, peer_device)
do update set record = excluded.record
