-- $2 after id, $3 limit
select id, title, scope, created_at, expires_at, used_at, revoked_at from user_tokens
where user_id = $1 and id > $2
order by id
limit $3
