insert into user_tokens (user_id, title, scope, hash, expires_at, created_at)
values ($1, $2, $3, $4, $5, $6)
returning id
