-- The events after the cursor become deliveries, and the cursor moves: in one statement, so that each event is
-- spread once. In commit order, as in event_since. A webhook gets no news of itself, and pings only when asked.
with c as materialized (
  select xid, id from webhook_cursor
), page as materialized (
  select e.xid, e.id, e.user_id, e.topic, case when e.topic like 'webhook.%' then e.data->>'webhook' end as about
  from c, events e
  where (e.xid, e.id) > (c.xid, c.id) and e.xid < pg_snapshot_xmin(pg_current_snapshot())
  order by e.xid, e.id
  limit 1000
), moved as (
  update webhook_cursor k set xid = l.xid, id = l.id
  from (select xid, id from page order by xid desc, id desc limit 1) l, c
  where (k.xid, k.id) = (c.xid, c.id)
  returning k.id
), made as (
  insert into webhook_deliveries (user_id, webhook_id, event_id, topic)
  select p.user_id, w.id, p.id, p.topic
  from page p join webhooks w on w.user_id = p.user_id
  where exists (select from moved) and w.enabled and p.xid > w.since and p.topic <> 'webhook.ping'
    and (w.topics is null or p.topic = any(w.topics) or split_part(p.topic, '.', 1) || '.*' = any(w.topics))
    and p.about is distinct from w.id::text
  order by p.xid, p.id, w.id
  returning user_id, webhook_id
)
select (select count(*) from page) as seen, m.user_id, m.webhook_id
from (select) once left join (select distinct user_id, webhook_id from made) m on true
