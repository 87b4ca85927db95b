-- $1 hash, $2 now
with s as (
  select user_id, id, scope, used_at from user_tokens
  where hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2::timestamptz)
), u as (
  update user_tokens x set used_at = $2 from s
  where x.user_id = s.user_id and x.id = s.id and (s.used_at is null or s.used_at < $2::timestamptz - interval '1 minute')
)
select user_id, id, scope from s
