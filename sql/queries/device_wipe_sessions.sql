-- unless another node has the device: $1 user, $2 device
delete from sessions where user_id = $1 and device_id = $2 and exists (
  select from devices d where d.user_id = $1 and d.id = $2 and is_own_node(d.node))
