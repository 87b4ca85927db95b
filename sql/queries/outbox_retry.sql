-- a send that ended without leaving, or a passing refusal: $3 attempt, $4 wait in ms, $5 class, $6 text
update outbox
set state = 0, attempt = $3, not_before = now() + $4 * interval '1 millisecond', error_class = $5, error = $6
where user_id = $1 and device_id = $7 and id = $2 and state in (1, 2)
