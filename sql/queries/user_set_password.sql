-- a new password ($2: hash) ends the user's sessions
with ended as (delete from user_sessions where user_id = $1)
update users set password_hash = $2 where id = $1 returning id
