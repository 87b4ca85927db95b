-- the attempt was good: the name ($1) is free, the network ($2) has one failure less; $3 user, $4 now, and the
-- session that starts: $5 hash, $6 address
with a as (
  delete from login_limits where key = $1
), b as (
  update login_limits set failures = greatest(failures - 1, 0), until_at = null where key = $2
), c as (
  update users set last_login_at = $4 where id = $3
), old as (
  delete from user_sessions where created_at < $4::timestamptz - interval '7 days'
    or used_at < $4::timestamptz - interval '12 hours'
)
insert into user_sessions (user_id, hash, address, created_at, used_at)
values ($3, $5, $6, $4, $4)
returning id
