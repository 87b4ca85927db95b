-- the oldest of the audit after $1 days, some rows at a time
with old as (
  select user_id, id, at from audit order by audit.id limit 5000
), gone as (
  delete from audit a using old
  where a.user_id = old.user_id and a.id = old.id and old.at < now() - $1::integer * interval '1 day'
  returning 1
)
select count(*) as gone, count(*) = 5000 as more from gone
