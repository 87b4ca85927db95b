-- messages of a device that the server took between $3 and $4, and that are on no phone
select count(*) as one_tick from outbox
where user_id = $1 and device_id = $2 and state = 3 and sent_at > $3 and sent_at <= $4
