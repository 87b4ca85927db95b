-- the link is gone: keys are void, history stays; unless another node has the device, which may be linked anew:
-- $1 user, $2 device, $3 reason; what it tells of is in the same unit
update devices
   set state = 'logged_out', state_reason = $3, state_until = null, pn = null, lid = null, device_no = null,
       secrets = null, account = null, routing_info = null, linked_at = null, online = false
 where user_id = $1 and id = $2 and is_own_node(node)
