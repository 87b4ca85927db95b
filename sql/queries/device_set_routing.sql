-- edge routing of the next connection: $1 user, $2 device, $3 bytes
update devices set routing_info = $3 where user_id = $1 and id = $2 and is_own_node(node)
