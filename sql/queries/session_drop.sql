-- all sessions with one person, in both address worlds; 0: unknown there
delete from sessions
where user_id = $1::bigint and device_id = $2::bigint
  and ((peer_server in (1, 3) and peer_user = $3::bigint and $3::bigint <> 0)
    or (peer_server in (2, 4) and peer_user = $4::bigint and $4::bigint <> 0))
