-- the device is logged in, or no longer ($3), and the event that says so ($4), once, unless another node has it:
-- $1 user, $2 device
with u as (
  update devices set online = $3 where user_id = $1 and id = $2 and online <> $3 and is_own_node(node)
  returning user_id, online
)
insert into events (user_id, topic, data)
select user_id, case when online then 'device.online' else 'device.offline' end, $4::jsonb from u
