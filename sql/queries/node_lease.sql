-- the lease of a node ($1) on its devices, two minutes from now; devices without a living node become its own, and
-- what their node had claimed may be claimed again. Those that were online are told to be offline, and so are its own
-- when it starts ($2). Its devices come back
with lease as (
  insert into nodes (name, lease_until) values ($1, now() + interval '2 minutes')
  on conflict (name) do update set lease_until = excluded.lease_until
), left_behind as (
  select d.user_id, d.id, d.name, d.paused, d.online, d.node is distinct from $1 as strange from devices d
  where case when d.node = $1 then $2::boolean and d.online
    else not exists (select from nodes n where n.name = d.node and n.lease_until > now()) end
  for update
), taken as (
  update devices d set node = $1, online = false from left_behind l
  where d.user_id = l.user_id and d.id = l.id
  returning d.user_id, d.id
), rescued as (
  update outbox o set state = 0 from left_behind l
  where l.strange and o.user_id = l.user_id and o.device_id = l.id and o.state = 1
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'device.offline', jsonb_build_object('device', id::text, 'name', name,
    'state', case when paused then 'paused' else 'connecting' end, 'reason', 'wad ended while it was online')
  from left_behind where online
)
select id from devices where node = $1
union
select id from taken
