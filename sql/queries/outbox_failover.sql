-- rows of a device that fell go to the user's other devices ($3), evenly; what may have left stays,
-- and so does a direct message or a row whose campaign names its devices and none of them is in $3
with target as (
  select id, row_number() over (order by id) - 1 as n, count(*) over () as total
  from unnest($3::bigint[]) as id
), taken as materialized (
  select o.id
  from outbox o join campaigns c on c.user_id = o.user_id and c.id = o.campaign_id
  where o.user_id = $1 and o.device_id = $2 and o.state in (0, 1) and c.device_ids is null
  for update of o
), placed as (
  select m.id, t.id as device_id
  from (select id, row_number() over (order by id) - 1 as n from taken) m
  join target t on t.n = m.n % t.total
)
update outbox o
set device_id = p.device_id, state = 0, msg_id = null, not_before = now()
from placed p
where o.user_id = $1 and o.id = p.id
returning o.device_id
