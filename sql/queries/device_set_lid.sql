-- the LID the server told at login: $1 user, $2 device, $3 lid
update devices set lid = $3 where user_id = $1 and id = $2 and is_own_node(node)
