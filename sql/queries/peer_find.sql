-- what is known of many phone numbers: LID and device numbers; ord counts from 1
select w.ord, coalesce(m.lid, 0) as lid, coalesce(array_to_string(p.devices, ','), '') as devices, p.fetched_at
from unnest($1::bigint[], $2::bigint[]) with ordinality as w (user_id, pn, ord)
left join lid_map m on m.user_id = w.user_id and m.pn = w.pn
left join peer_devices p on p.user_id = w.user_id and p.peer_server = 1::smallint and p.peer_user = w.pn
