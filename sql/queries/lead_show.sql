select * from lead_rows where user_id = $1 and id = $2
