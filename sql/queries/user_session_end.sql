-- logged out: $1 hash
delete from user_sessions where hash = $1 returning user_id, id
