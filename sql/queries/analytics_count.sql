-- Counts the next events in commit order and moves the cursor past them, in one transaction. A message is looked at
-- as it is now: each step of it has one event, and whichever of them comes first, the sum is the same. Without
-- news nothing is locked or written. $1: days within which an opt-out answers a broadcast
with place as materialized (
  select c.xid::text::xid8 as xid, c.id from analytics_cursor c
  where exists (select from events e
    where (e.xid, e.id) > (c.xid::text::xid8, c.id) and e.xid < pg_snapshot_xmin(pg_current_snapshot()))
  for update
), batch as materialized (
  select xid, id, user_id, at, topic, data from events
  where (xid, id) > ((select xid from place), (select id from place)) and xid < pg_snapshot_xmin(pg_current_snapshot())
  order by xid, id
  limit 4000
), moved as (
  update analytics_cursor c set xid = last.xid, id = last.id
  from (select b.xid::text::bigint as xid, b.id from batch b order by b.xid desc, b.id desc limit 1) last
), touched as (
  select user_id, (data->>'id')::bigint as id,
    bool_or(topic = 'message.sent') as sent, bool_or(topic = 'message.delivered') as delivered,
    bool_or(topic = 'message.read') as read, bool_or(topic = 'message.replied') as replied,
    max(at) filter (where topic = 'message.failed') as failed_at
  from batch
  where topic in ('message.sent', 'message.delivered', 'message.read', 'message.replied', 'message.failed')
  group by 1, 2
), message as materialized (
  select t.*, o.device_id, o.campaign_id, o.sequence_id, o.recipient, (o.sent_at at time zone u.zone)::date as day,
    (t.failed_at at time zone u.zone)::date as failed_day,
    case when o.state = 6 then coalesce(o.error_class, 'other') end as class,
    o.campaign_id is not null or o.sequence_id is not null as broadcast, p.number
  from touched t join users u on u.id = t.user_id
  -- offset 0: found by their keys, whatever the planner believes of the tables
  cross join lateral (select * from outbox o where o.user_id = t.user_id and o.id = t.id offset 0) o
  left join lateral (
    select number from analytics_people p where p.user_id = t.user_id and p.phone = o.recipient offset 0
  ) p on true
), failing as materialized (
  select m.user_id, m.id, m.campaign_id, m.sequence_id, m.device_id, m.class, f.class as old_class, f.day as old_day,
    f.device_id as old_device_id, case when m.class is not null then coalesce(m.failed_day, f.day) end as day
  from message m
  left join lateral (select * from analytics_failed f where f.user_id = m.user_id and f.outbox_id = m.id offset 0) f on true
  where m.broadcast and (m.failed_at is not null or f.class is not null)
), forgotten as (
  delete from analytics_failed f using failing x where f.user_id = x.user_id and f.outbox_id = x.id and x.day is null
), remembered as (
  insert into analytics_failed (user_id, outbox_id, day, class, device_id)
  select user_id, id, day, class, device_id from failing where day is not null
  on conflict (user_id, outbox_id) do update
    set day = excluded.day, class = excluded.class, device_id = excluded.device_id
), failed as (
  insert into analytics_failures as f (user_id, scope, scope_id, day, class, failed)
  select c.user_id, s.scope, s.scope_id, c.day, c.class, sum(c.n)
  from (
    select user_id, day, class, device_id, campaign_id, sequence_id, 1 as n from failing where day is not null
    union all
    select user_id, old_day, old_class, old_device_id, campaign_id, sequence_id, -1 from failing where old_day is not null
  ) c
  cross join lateral (values (0, 0), (1, c.device_id), (2, c.campaign_id), (3, c.sequence_id)) s (scope, scope_id)
  where s.scope_id is not null
  group by 1, 2, 3, 4, 5
  having sum(c.n) <> 0
  on conflict (user_id, scope, scope_id, day, class) do update set failed = f.failed + excluded.failed
), came as (
  select b.user_id, b.topic, (b.data->>'device')::bigint as device_id, (b.at at time zone u.zone)::date as day,
    o.campaign_id, o.sequence_id
  from batch b join users u on u.id = b.user_id
  left join lateral ( -- the broadcast that made them leave
    select o.campaign_id, o.sequence_id from outbox o
    where b.topic = 'lead.opt_out' and o.user_id = b.user_id and o.recipient = (b.data->>'phone')::bigint
      and (o.campaign_id is not null or o.sequence_id is not null)
      and o.sent_at between b.at - $1::integer * interval '1 day' and b.at + interval '1 minute'
    order by o.sent_at desc
    limit 1
  ) o on true
  where b.topic = 'lead.opt_out'
    or (b.topic = 'message.received' and b.data->>'from_me' = 'false' and b.data->>'chat' = b.data->>'sender')
), days as (
  insert into analytics_days as d (user_id, scope, scope_id, day, sent, delivered, read, replied, direct, opt_outs, received)
  select c.user_id, s.scope, s.scope_id, c.day, sum(c.sent), sum(c.delivered), sum(c.read), sum(c.replied), sum(c.direct),
    sum(c.opt_outs), sum(c.received)
  from (
    select user_id, device_id, campaign_id, sequence_id, day, (broadcast and sent)::integer as sent,
      (broadcast and delivered)::integer as delivered, (broadcast and read)::integer as read,
      (broadcast and replied)::integer as replied, (sent and not broadcast)::integer as direct, 0 as opt_outs, 0 as received
    from message
    where day is not null and (broadcast or sent) and (sent or delivered or read or replied)
    union all
    select user_id, device_id, campaign_id, sequence_id, day, 0, 0, 0, 0, 0, (topic = 'lead.opt_out')::integer,
      (topic = 'message.received')::integer
    from came
  ) c
  cross join lateral (values (0, 0), (1, c.device_id), (2, c.campaign_id), (3, c.sequence_id)) s (scope, scope_id)
  where s.scope_id is not null
  group by 1, 2, 3, 4
  on conflict (user_id, scope, scope_id, day) do update set sent = d.sent + excluded.sent,
    delivered = d.delivered + excluded.delivered, read = d.read + excluded.read, replied = d.replied + excluded.replied,
    direct = d.direct + excluded.direct, opt_outs = d.opt_outs + excluded.opt_outs, received = d.received + excluded.received
), reached as materialized ( -- steps of broadcasts
  select * from message where broadcast and day is not null and (sent or delivered or read or replied)
), top as materialized ( -- once a user: while rows go in, the index's end is slow to read
  select r.user_id, (select coalesce(max(number), -1) from analytics_people p where p.user_id = r.user_id) as number
  from (select distinct user_id from reached where number is null) r
), met as (
  insert into analytics_people (user_id, phone, number)
  select r.user_id, r.recipient, top.number + row_number() over (partition by r.user_id order by r.recipient)
  from (select distinct user_id, recipient from reached where number is null) r join top on top.user_id = r.user_id
  returning user_id, phone, number
), bits as (
  insert into analytics_bits as b (user_id, scope, scope_id, what, day, chunk, bits)
  select r.user_id, s.scope, s.scope_id, w.what, r.day, r.number / 8192, bit_or(set_bit(0::bit(8192), r.number % 8192, 1))
  from ( -- in place of a join, which could be planned badly
    select user_id, campaign_id, sequence_id, device_id, day, sent, delivered, read, replied,
      max(number) over (partition by user_id, recipient) as number
    from (
      select user_id, recipient, campaign_id, sequence_id, device_id, day, sent, delivered, read, replied, number
      from reached
      union all
      select user_id, phone, null, null, null, null, null, null, null, null, number from met
    ) known
  ) r
  cross join lateral (values (0, 0), (1, r.device_id), (2, r.campaign_id), (3, r.sequence_id)) s (scope, scope_id)
  cross join lateral (values (1, r.sent), (2, r.delivered), (3, r.read), (4, r.replied)) w (what, so)
  where w.so and s.scope_id is not null
  group by 1, 2, 3, 4, 5, 6
  on conflict (user_id, scope, scope_id, what, day, chunk) do update set bits = b.bits | excluded.bits
)
select count(*) as counted,
  coalesce(case when count(*) = 4000 then max(at) end,
    (select e.at from events e where e.xid >= pg_snapshot_xmin(pg_current_snapshot()) order by e.xid, e.id limit 1),
    now()) as until_at, now() as now_at
from batch
