-- the newest state of many session records of one own device ($1 user, $2 device); refused when another node has it
insert into sessions (user_id, device_id, peer_server, peer_user, peer_device, record)
select $1::bigint, $2::bigint, v.server::smallint, v.peer, v.device, v.record
from unnest($3::integer[], $4::bigint[], $5::integer[], $6::bytea[]) as v (server, peer, device, record)
where own_device($1::bigint, $2::bigint)
on conflict (user_id, device_id, peer_server, peer_user, peer_device) do update set record = excluded.record
