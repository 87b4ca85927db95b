-- $1 hash, $2 now; idle 12 h, absolute 7 d
with s as (
  select user_id, id, used_at from user_sessions
  where hash = $1 and used_at > $2::timestamptz - interval '12 hours' and created_at > $2::timestamptz - interval '7 days'
), u as (
  update user_sessions x set used_at = $2 from s
  where x.user_id = s.user_id and x.id = s.id and s.used_at < $2::timestamptz - interval '1 minute'
)
select user_id, id from s
