-- Events once more, as new deliveries: $3 one event, or $4 to $5 a range of them, or all that was given up (each
-- once) when these are null; in the order of the events, 10,000 at most. Nothing comes back when there is no such
-- webhook.
with w as (
  select user_id, id, topics, enabled from webhooks where user_id = $1 and id = $2
), dead as (
  select d.id, d.event_id from webhook_deliveries d, w
  where w.enabled and $3::bigint is null and $4::bigint is null
    and d.user_id = w.user_id and d.webhook_id = w.id and d.state = 3 and d.topic <> 'webhook.ping'
  order by d.id
  limit 10000
), marked as (
  update webhook_deliveries d set state = 4 from dead where d.user_id = $1 and d.id = dead.id and d.state = 3
  returning d.event_id
), chosen as (
  select e.id, e.topic, e.xid from events e, marked where e.id = marked.event_id and e.user_id = $1
  union all
  (select e.id, e.topic, e.xid from events e, w
  where w.enabled and e.user_id = w.user_id and e.topic <> 'webhook.ping'
    and e.id >= coalesce($3::bigint, $4::bigint) and e.id <= coalesce($3::bigint, $5::bigint)
    and ($3::bigint is not null or w.topics is null or e.topic = any(w.topics)
      or split_part(e.topic, '.', 1) || '.*' = any(w.topics))
    and (e.topic not like 'webhook.%' or e.data->>'webhook' is distinct from w.id::text)
  order by e.id
  limit 10000)
), made as (
  insert into webhook_deliveries (user_id, webhook_id, event_id, topic)
  select w.user_id, w.id, c.id, c.topic from chosen c, w
  order by c.xid, c.id
  returning id
)
select w.id, w.enabled, (select count(*) from made) as replayed from w
