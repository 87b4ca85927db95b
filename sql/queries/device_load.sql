-- everything a device needs to start: $1 user, $2 device
select name, state, state_reason, state_until, pn, lid, device_no, push_name, secrets, account,
       next_prekey_id, routing_info, proxy
  from devices where user_id = $1 and id = $2
