-- the notice of a device that is to be worked on next, and whether now
select msg_id, notice, not_before <= now() as due from history_syncs
where user_id = $1 and device_id = $2
order by not_before, at, msg_id
limit 1
