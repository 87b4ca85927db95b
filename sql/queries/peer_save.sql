-- device numbers and LIDs of many phone numbers ($2, ascending); $3: LID or 0; $4: '{0,12}'
with v as materialized (
  select * from unnest($2::bigint[], $3::bigint[], $4::text[]) as v (pn, lid, devices)
), pairs as (
  insert into lid_map (user_id, pn, lid)
  select $1::bigint, v.pn, v.lid from v where v.lid <> 0
  on conflict (user_id, pn) do update set lid = excluded.lid, learned_at = now()
  where lid_map.lid <> excluded.lid
)
insert into peer_devices (user_id, peer_server, peer_user, devices, fetched_at)
select $1::bigint, 1, v.pn, v.devices::integer[], now() from v
on conflict (user_id, peer_server, peer_user) do update
set devices = excluded.devices, fetched_at = excluded.fetched_at
