-- refused as the account may open no new chat now, or none with this person: it waits for the server's word about
-- that (reach_lock). $3 row, $4 attempt, $5 text
update outbox
set state = 0, attempt = $4, not_before = 'infinity', error_class = 'cold_contact', error = $5
where user_id = $1 and device_id = $2 and id = $3 and state in (1, 2)
