-- the webhooks that are switched on. Events before the oldest of them are for none: they are passed over
with w as (
  select user_id, id, ordered, since from webhooks where enabled
), passed as (
  update webhook_cursor c set xid = p.since, id = 9223372036854775807
  from (select since from w order by since limit 1) p
  where c.xid < p.since
)
select user_id, id, ordered from w
