-- whether lead_delete would find it
select id from leads where user_id = $1::bigint and id = $2::bigint
