delete from user_sessions where user_id = $1 and id = $2 returning id
