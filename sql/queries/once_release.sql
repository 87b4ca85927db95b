-- the request that made this reservation changed nothing: it may come again
delete from idempotent_answers
where user_id = $1::bigint and key = $2::text and request = $3::bytea and answer is null
