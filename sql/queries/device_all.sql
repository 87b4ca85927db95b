-- every device, at the start of the daemon
select user_id, id, name from devices order by id
