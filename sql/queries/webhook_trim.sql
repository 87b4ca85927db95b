-- what the log no longer shows after 14 days, some rows at a time; and secrets that ended
with old as (
  select user_id, id from webhook_deliveries
  where state >= 2 and done_at < now() - interval '14 days'
  order by done_at
  limit 2000
), gone as (
  delete from webhook_deliveries d using old where d.user_id = old.user_id and d.id = old.id returning 1
), ended as (
  update webhooks set old_secret = null, old_secret_until = null where old_secret_until < now()
)
select count(*) as gone, count(*) = 2000 as more from gone
