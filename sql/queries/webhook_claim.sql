-- For webhooks ($1 users, $2 ids) with room ($4) what is due, and how many ms until the next is. $3: 1 for those
-- that keep the order: only the first that is not done may go. What another wad is claiming is passed over; what is
-- claimed is ours for a minute.
with asked as (
  select * from unnest($1::bigint[], $2::bigint[], $3::integer[], $4::integer[]) as a (user_id, webhook_id, ordered, room)
), front as (
  select a.user_id, a.webhook_id, f.id, f.next_at, f.n <= a.room and f.next_at <= now() as goes
  from asked a cross join lateral (
    select x.id, x.next_at, row_number() over (order by x.next_at, x.id) as n
    from (
      select d.id, d.next_at from webhook_deliveries d
      where a.ordered = 0 and d.user_id = a.user_id and d.webhook_id = a.webhook_id and d.state = 0
      order by d.next_at, d.id
      limit 5
      for update skip locked
    ) x
    union all
    select x.id, x.next_at, 1
    from (
      select d.id, d.next_at from webhook_deliveries d
      where a.ordered = 1 and d.user_id = a.user_id and d.state = 0
        and d.id = (select o.id from webhook_deliveries o
          where o.user_id = a.user_id and o.webhook_id = a.webhook_id and o.state in (0, 1) order by o.id limit 1)
      for update skip locked
    ) x
  ) f
), claimed as (
  update webhook_deliveries d
  set state = 1, attempt = d.attempt + 1, tried_at = now(), node = current_setting('wad.node', true),
    leased_until = now() + interval '1 minute'
  from front f
  where f.goes and d.user_id = f.user_id and d.id = f.id and d.state = 0
  returning d.user_id, d.webhook_id, d.id, d.event_id, d.attempt, d.created_at
)
select a.user_id, a.webhook_id,
  (select (extract(epoch from min(f.next_at) - now()) * 1000)::bigint from front f
    where f.user_id = a.user_id and f.webhook_id = a.webhook_id and not f.goes) as wait_ms,
  c.id, c.event_id, c.attempt, (extract(epoch from now() - c.created_at))::bigint as age_s,
  w.url, w.secret, case when w.old_secret_until > now() then w.old_secret end as old_secret,
  e.topic, e.at, e.data::text as data
from asked a
left join claimed c on c.user_id = a.user_id and c.webhook_id = a.webhook_id
left join webhooks w on w.user_id = c.user_id and w.id = c.webhook_id
left join events e on e.id = c.event_id and e.user_id = c.user_id
order by c.id
