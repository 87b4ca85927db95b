-- an event of a device, unless another node has it: $1 user, $2 device, $3 topic, $4 what it says
insert into events (user_id, topic, data)
select user_id, $3::text, $4::jsonb from devices where user_id = $1 and id = $2 and is_own_node(node)
