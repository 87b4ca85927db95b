-- The oldest events after $1 days, some rows at a time; but none that is not counted or has not become deliveries yet, and none of a
-- delivery that is not made (also given up: it may be replayed while the log has it).
with oldest as materialized (
  select id, xid, at from events order by xid, id limit 10000
), old as (
  select o.id from oldest o
  where o.at < now() - $1::integer * interval '1 day'
    and (not exists (select from webhooks where enabled) or (o.xid, o.id) <= (select xid, id from webhook_cursor))
    and (o.xid, o.id) <= (select c.xid::text::xid8, c.id from analytics_cursor c)
    and o.id not in (select event_id from webhook_deliveries where state in (0, 1)
      union all select event_id from webhook_deliveries where state = 3)
), gone as (
  delete from events e using old where e.id = old.id returning 1
)
select count(*) as gone, count(*) = 10000 as more from gone
