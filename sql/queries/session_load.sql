-- session records of many remote devices ($3..$5) of many own devices; ord counts from 1. One stored
-- under the phone number ($6, 0: none) before its LID was known counts when the LID has none.
select distinct on (w.ord) w.ord, s.peer_server, s.peer_user, s.record
from unnest($1::bigint[], $2::bigint[], $3::integer[], $4::bigint[], $5::integer[], $6::bigint[])
  with ordinality as w (user_id, device_id, server, peer, device, pn, ord)
join lateral (
  select x.peer_server, x.peer_user, x.record, 0 as rank from sessions x
  where x.user_id = w.user_id and x.device_id = w.device_id and x.peer_server = w.server::smallint
    and x.peer_user = w.peer and x.peer_device = w.device
  union all
  select x.peer_server, x.peer_user, x.record, 1 as rank from sessions x
  where w.pn <> 0 and x.user_id = w.user_id and x.device_id = w.device_id and x.peer_server = 1::smallint
    and x.peer_user = w.pn and x.peer_device = w.device
) s on true
order by w.ord, s.rank
