-- An attempt counts as a failure until login_done takes it back: five within a minute close a key for a
-- minute, the next five for two, up to 15. A closed key counts nothing. $1 keys, $2 now
with closed as (
  select max(until_at) as until_at from login_limits where key = any($1::bytea[]) and until_at > $2::timestamptz
), old as (
  delete from login_limits where since < $2::timestamptz - interval '1 day' and key <> all($1::bytea[])
), counted as (
  insert into login_limits as l (key, failures, since)
  select k, 1, $2::timestamptz from unnest($1::bytea[]) as k
  where not exists (select from closed where until_at is not null)
  on conflict (key) do update set
    failures = case when l.until_at is not null or $2::timestamptz - l.since >= interval '1 minute' then 1
      else l.failures + 1 end,
    since = case when l.until_at is not null or $2::timestamptz - l.since >= interval '1 minute' then $2::timestamptz
      else l.since end,
    wait_s = case when $2::timestamptz - l.since >= interval '1 hour' then 0
      when l.until_at is null and l.failures >= 4 and $2::timestamptz - l.since < interval '1 minute'
        then least(900, greatest(60, l.wait_s * 2))
      else l.wait_s end,
    until_at = case when l.until_at is null and l.failures >= 4 and $2::timestamptz - l.since < interval '1 minute'
      then $2::timestamptz + least(900, greatest(60, l.wait_s * 2)) * interval '1 second' end
)
select until_at from closed
