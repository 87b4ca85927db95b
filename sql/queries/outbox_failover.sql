-- Rows of campaigns and sequences of a device that fell go to the user's other devices ($3), of a campaign that
-- names its devices to those among them; spread by a hash, both parts of a message to the same. What may have left
-- stays, and so do direct messages and replies, which are between two people. Times stand: a retry, a daily limit
with camps as materialized (
  select c.id, case when c.device_ids is null then $3::bigint[]
    else array(select d from unnest($3::bigint[]) d where d = any(c.device_ids)) end as devices
  from campaigns c
  where c.user_id = $1
    and c.id in (select o.campaign_id from outbox o where o.user_id = $1 and o.device_id = $2 and o.state in (0, 1))
), rows as (
  select o.ctid as place, coalesce(camps.devices, $3::bigint[]) as devices, coalesce(o.follows_id, o.id) as seed
  from outbox o left join camps on camps.id = o.campaign_id
  where o.user_id = $1 and o.device_id = $2 and o.state in (0, 1)
    and (camps.id is not null or o.sequence_id is not null)
  for update of o
)
update outbox o
set device_id = devices[1 + (hashint8(seed) & 2147483647) % cardinality(devices)], state = 0, msg_id = null,
  not_before = case when o.error_class in ('reach_locked', 'cold_contact') then now() else o.not_before end
from rows
where o.ctid = rows.place and o.user_id = $1 and cardinality(devices) > 0
