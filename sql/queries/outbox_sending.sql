-- committed together with the ratchets, before the bytes leave
update outbox
set state = 2, attempt = $3, sending_at = now()
where user_id = $1 and device_id = $4 and id = $2 and state in (1, 2)
