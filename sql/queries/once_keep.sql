-- the answer to a request whose key was reserved
update idempotent_answers set answer = $3::bytea where user_id = $1::bigint and key = $2::text and answer is null
