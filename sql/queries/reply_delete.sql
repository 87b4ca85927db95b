delete from reply_rules where user_id = $1 and id = $2 returning id
