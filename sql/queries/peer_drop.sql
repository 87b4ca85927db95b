-- a device list is void; the person is named by number ($2) or LID ($3), 0: unknown
delete from peer_devices
where user_id = $1::bigint and peer_server = 1 and peer_user in (
  select $2::bigint
  union all
  select pn from lid_map where user_id = $1::bigint and lid = $3::bigint and $3::bigint <> 0)
