-- every device of this node ($1), at the start of the daemon, with what is known of it before it is connected
select user_id, id, name, state, state_reason, pn, lid, device_no, paused, pause_reason from devices where node = $1 order by id
