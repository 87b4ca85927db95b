-- what is known of many phone numbers: LID and device numbers; ord counts from 1
-- offset 0: each number is looked up by its whole key, never joined over a part of it
select w.ord, coalesce(m.lid, 0) as lid, coalesce(array_to_string(p.devices, ','), '') as devices, p.fetched_at
from unnest($1::bigint[], $2::bigint[]) with ordinality as w (user_id, pn, ord)
left join lateral (
  select lid from lid_map where user_id = w.user_id and pn = w.pn offset 0
) m on true
left join lateral (
  select devices, fetched_at from peer_devices
  where user_id = w.user_id and peer_server = 1::smallint and peer_user = w.pn offset 0
) p on true
