-- rows of a device that fell go to the user's other devices ($3), evenly; what may have left stays
with target as (
  select id, row_number() over (order by id) - 1 as n, count(*) over () as total
  from unnest($3::bigint[]) as id
), moving as materialized (
  select o.id, row_number() over (order by o.id) - 1 as n
  from outbox o left join campaigns c on c.user_id = o.user_id and c.id = o.campaign_id
  where o.user_id = $1 and o.device_id = $2 and o.state in (0, 1)
    and (o.campaign_id is not null and (c.device_ids is null or c.device_ids && $3::bigint[]))
  for update of o
), placed as (
  select m.id, t.id as device_id from moving m join target t on t.n = m.n % t.total
)
update outbox o
set device_id = p.device_id, state = 0, msg_id = null, not_before = now()
from placed p
where o.user_id = $1 and o.id = p.id
  and not exists (select 1 from campaigns c where c.user_id = o.user_id and c.id = o.campaign_id
    and c.device_ids is not null and not (p.device_id = any(c.device_ids)))
returning o.device_id
