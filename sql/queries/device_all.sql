-- every device, at the start of the daemon, with what is known of it before it is connected
select user_id, id, name, state, state_reason, pn, lid, device_no, paused, pause_reason from devices order by id
