-- how many of these phones are leads already
select count(*) as known from leads where user_id = $1 and phone = any($2::bigint[])
