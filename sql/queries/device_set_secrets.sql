-- new keys, before anything of them leaves: $1 user, $2 device, $3 sealed
update devices set secrets = $3 where user_id = $1 and id = $2 and is_own_node(node)
