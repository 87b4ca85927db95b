-- Contacts of a user whose time to be looked at has come, some at a time: each gets its next day queued, waits for
-- a later instant, or is done. $2 devices that may send, at least one; $3 seconds of a day or null,
-- $4 devices that are away for a moment only: their contacts stay with them.
-- The sequences are locked first: one that is being paused is left out, or its rows are seen by who pauses.
-- Each step adds columns to the one before, and rows get their ids early: nothing here is joined with itself.
with who as (
  select zone, (now() at time zone zone)::date as today, max_messages_day as most,
    pg_get_serial_sequence('outbox', 'id')::regclass as ids
  from users where id = $1
), s as materialized (
  select s.id, s.version, coalesce(s.zone, (select zone from who)) as zone, s.at_once, s.lead_day_max, s.expire_s, s.started_at,
    -- looks are a second apart and take their time: what fell due since the last one is not late
    greatest(s.grace_s * coalesce($3::integer, 86400) / 86400.0, 10) * interval '1 second' as grace
  from sequences s where s.user_id = $1 and s.state = 'active' for share
), c as materialized (
  select c.id, c.sequence_id, c.phone, c.device_id, c.day, c.day_at, c.due_at, c.enrolled_at, c.resumed_at, c.settled_at
  from sequence_contacts c
  where c.user_id = $1 and c.sequence_id = any(array(select id from s)) and c.state = 'active' and not c.open
    and c.next_at <= now()
  order by c.next_at, c.id
  limit 2000
  for update skip locked
), step as (
  select c.id, c.sequence_id, c.phone, c.device_id, c.day as had_day, c.settled_at, s.zone, s.grace, s.expire_s, s.lead_day_max,
    n.day, n.send_time, n.content_id, n.split_content_id, n.then_day, n.then_time,
    coalesce(c.day_at, c.enrolled_at) as base, n.day - greatest(c.day, 1) as days, c.day = 0 and s.at_once as at_once, c.due_at,
    -- what is agreed lies behind these
    greatest(c.enrolled_at, c.resumed_at, c.settled_at, s.started_at) as since,
    (select true from optouts x where x.user_id = $1 and x.phone = c.phone) is true as opted_out
  from c cross join lateral (select s.* from s where s.id = c.sequence_id limit 1) s
  left join lateral (
    select t.day, t.send_time, t.content_id, t.split_content_id, lead(t.day) over w as then_day, lead(t.send_time) over w as then_time
    from sequence_steps t
    where t.user_id = $1 and t.sequence_id = c.sequence_id and t.version = s.version and t.day > c.day
    window w as (order by t.day)
    order by t.day limit 1
  ) n on true
), agreed as (
  select step.*, case when at_once then now()
      else coalesce(due_at, day_time(day_of(base, zone, $3::integer) + days, send_time, zone, $3::integer)) end as due
  from step
), timed as (
  select agreed.*, case
      when at_once or (due > since and due >= now() - grace) then due
      when due <= settled_at then day_next(settled_at, days, send_time, zone, $3::integer, now())
      else day_next(base, days, send_time, zone, $3::integer, now()) end as at
  from agreed
), ready as (
  select timed.*, day is not null and not opted_out and at <= now() as is_due,
    l.id as lead_id, l.device_id as lead_device,
    case when lead_day_max is null then 0 else (
      select count(*) from outbox o where o.user_id = $1 and o.recipient = timed.phone and o.sequence_id is not null and o.part = 0
        and day_of(o.created_at, timed.zone, $3::integer) = day_of(now(), timed.zone, $3::integer)) end as had_today
  from timed left join leads l on l.user_id = $1 and l.phone = timed.phone
), counted as (
  select ready.*,
    had_today + count(*) filter (where is_due) over (partition by phone order by at, id) as nth,
    sum(1 + (split_content_id is not null)::integer) filter (where is_due) over (order by at, id) as place
  from ready
), judged as materialized (
  select counted.*,
    is_due and (lead_day_max is null or nth <= lead_day_max) and (who.most is null or place <= who.most
      - coalesce((select d.queued from user_days d where d.user_id = $1 and d.day = who.today), 0)) as goes
  from counted, who
), dev as materialized (
  select d.id, d.n, (select count(*) from sequence_contacts x where x.user_id = $1 and x.state = 'active' and x.device_id = d.id)
      + (select count(*) from judged where goes and lead_device = d.id and device_id is null) as has
  from unnest($2::bigint[]) with ordinality as d (id, n)
), placed as (
  select judged.*, case when goes then coalesce((select id from dev where id = judged.device_id),
      case when judged.device_id = any($4::bigint[]) then judged.device_id end,
      (select id from dev where id = judged.lead_device)) end as own_device
  from judged
), numbered as materialized (
  select placed.*, row_number() over (partition by goes and own_device is null order by at, id) as n from placed
), slot as materialized ( -- the least loaded device first, one more on it with each slot
  select dev.id, row_number() over (order by dev.has + level, dev.n) as n
  from dev cross join generate_series(1, (select count(*) from numbered where goes and own_device is null)) as level
), sends as materialized (
  select numbered.*, coalesce(own_device, slot.id) as sender, case when goes then nextval(who.ids) end as outbox_id,
    case when at_once then now() else at end as sent_for
  from who, numbered left join slot on goes and own_device is null and slot.n = numbered.n
), first as (
  insert into outbox (user_id, id, sequence_id, contact_id, day, content_id, device_id, recipient, lead_id, priority, not_before,
    created_at, expires_at, followed)
  overriding system value
  select $1, outbox_id, sequence_id, id, day, content_id, sender, phone, lead_id, 4, now(), now(),
    now() + expire_s * interval '1 second', split_content_id is not null
  from sends where goes
  order by outbox_id
), second as (
  insert into outbox (user_id, sequence_id, contact_id, day, part, follows_id, content_id, device_id, recipient, lead_id,
    priority, not_before, created_at, expires_at)
  select $1, sequence_id, id, day, 1, outbox_id, split_content_id, sender, phone, lead_id, 4, 'infinity', now(),
    now() + expire_s * interval '1 second'
  from sends where goes and split_content_id is not null
  order by outbox_id
), places as (
  insert into user_days as d (user_id, day, queued)
  select $1, who.today, sum(1 + (split_content_id is not null)::integer) from who, sends where goes
  group by who.today
  on conflict (user_id, day) do update set queued = d.queued + excluded.queued
), outcome as (
  select id, goes, outbox_id, sender, day, sent_for,
    case when opted_out then 'opted_out' when day is null then 'completed' else 'active' end as state,
    case when opted_out or day is null then null
      when goes then case when then_day is not null
        then day_next(sent_for, then_day - day, then_time, zone, $3::integer, now()) end
      when not is_due then at -- not yet
      else day_next(now(), 1, send_time, zone, $3::integer, now()) end as due -- not today any more
  from sends
), moved as (
  update sequence_contacts x
  set state = o.state, day = case when o.goes then o.day else x.day end, day_at = case when o.goes then o.sent_for else x.day_at end,
    next_at = o.due, due_at = o.due, open = o.goes, device_id = coalesce(o.sender, x.device_id),
    outbox_id = coalesce(o.outbox_id, x.outbox_id), ended_at = case when o.state <> 'active' then now() end
  from outcome o
  where x.user_id = $1 and x.id = o.id
)
select (select count(*) from sends where goes) as queued, (select count(*) from sends) as looked
