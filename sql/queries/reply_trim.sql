-- the log of replies after $1 days, some rows at a time; not while a rule holds off its next answer by it
with old as (
  select g.user_id, g.id from reply_log g
  where g.at < now() - $1::integer * interval '1 day'
    and not exists (select from reply_rules r where r.user_id = g.user_id and r.id = g.rule_id
      and g.at >= now() - r.cooldown_s * interval '1 second')
  order by g.at
  limit 5000
), gone as (
  delete from reply_log g using old where g.user_id = old.user_id and g.id = old.id returning 1
)
select count(*) as gone, count(*) = 5000 as more from gone
