-- unless another node has the device:
-- $1 user, $2 device, $3 state, $4 reason, $5 end; what it tells of is in the same unit
update devices set state = $3, state_reason = $4, state_until = $5, online = false
where user_id = $1 and id = $2 and is_own_node(node)
