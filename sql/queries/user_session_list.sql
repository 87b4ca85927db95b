-- $2 now, $3 after id, $4 limit
select id, address, created_at, used_at from user_sessions
where user_id = $1 and used_at > $2::timestamptz - interval '12 hours' and created_at > $2::timestamptz - interval '7 days'
  and id > $3
order by id
limit $4
