-- the lease of a node ($1) on its devices, two minutes from now; devices without a living node become its own, and
-- what their node had claimed may be claimed again. Its devices come back
with lease as (
  insert into nodes (name, lease_until) values ($1, now() + interval '2 minutes')
  on conflict (name) do update set lease_until = excluded.lease_until
), taken as (
  update devices d set node = $1
  where d.node is distinct from $1
    and not exists (select from nodes n where n.name = d.node and n.lease_until > now())
  returning d.user_id, d.id
), rescued as (
  update outbox o set state = 0 from taken
  where o.user_id = taken.user_id and o.device_id = taken.id and o.state = 1
)
select id from devices where node = $1
union
select id from taken
