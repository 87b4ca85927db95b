-- The next 5,000 leads become outbox rows where the campaign wants them; running it twice adds nothing, as the
-- place in the list of leads moves on in the same statement. $3 devices, $4 what each has to send already, $5 how many
-- rows the campaign has got so far. A lead's own device (sticky) comes first; the others fill the least loaded ones to
-- one level, or go round, or anywhere. What is more than the user may send on a day waits for the next days: each row takes
-- the next place from today on. The commit waits for no disk: a slice that a crash takes back takes its place in the
-- list along, and whatever is done with its rows is committed after it, in the same log.
with camp as (
  select c.*, now() + c.expire_s * interval '1 second' as expiry, case when c.split_content_id is null then 1 else 2 end as parts
  from campaigns c
  where c.user_id = $1 and c.id = $2
    and ((c.state = 'scheduled' and c.start_at <= now()) or (c.state = 'running' and c.expanded_at is null))
  for update
), slice as materialized (
  select l.id, l.phone, l.niches, l.status, l.device_id from leads l
  where l.user_id = $1 and l.id > (select expand_after from camp)
  order by l.id
  limit 5000
), u as (
  update campaigns c set state = 'running', reason = null, begun_at = coalesce(c.begun_at, now()),
    expand_after = coalesce((select max(id) from slice), c.expand_after),
    expanded_at = case when (select count(*) from slice) < 5000 then now() end, updated_at = now()
  from camp where c.user_id = camp.user_id and c.id = camp.id
  returning c.expanded_at is not null as all_made
), audience as materialized (
  select s.id, s.phone, case when s.device_id = any($3::bigint[]) and c.device_choice = 'sticky' then s.device_id end as own,
    exists (select from number_checks k where k.user_id = $1 and k.phone = s.phone and not k.is_on_whatsapp
      and k.checked_at > now() - interval '7 days') as unreachable,
    row_number() over () - 1 as n, -- in whatever order: sorting costs, and says nothing
    row_number() over (partition by (s.device_id = any($3::bigint[]) and c.device_choice = 'sticky') is true) as place
  from slice s, camp c
  where (c.niches is null or s.niches && c.niches) and (c.lead_status is null or s.status = c.lead_status)
    and not exists (select from optouts x where x.user_id = $1 and x.phone = s.phone)
    and (select true from outbox o where o.user_id = $1 and o.campaign_id = $2 and o.recipient = s.phone limit 1) is null
), owned as (
  select own, count(*) as rows from audience group by own
), device as (
  select d.id, d.load + coalesce(o.rows, 0) as load
  from unnest($3::bigint[], $4::bigint[]) as d (id, load) left join owned o on o.own = d.id
), filled as (
  select id, load, row_number() over w as nth, sum(load) over w as below, coalesce((select rows from owned, camp
      where own is null and device_choice in ('sticky', 'least_loaded')), 0) as rest
  from device
  window w as (order by load, id)
), level as (
  select coalesce(max(ceil((rest + below) / nth)) filter (where nth = most), 0) as height
  from (select *, max(nth) filter (where nth * load - below <= rest) over () as most from filled) f
), slot as materialized (
  select row_number() over (order by at, id) as place, id as device_id
  from filled, level, generate_series(load::bigint, height::bigint - 1) as at
), who as (
  select zone, (now() at time zone zone)::date as day, max_messages_day as most from users where id = $1
), used as materialized (
  select coalesce(sum(d.queued), 0) as places from user_days d, who where d.user_id = $1 and d.day >= who.day
), added as (
  insert into outbox (user_id, campaign_id, content_id, device_id, recipient, lead_id, not_before, expires_at, followed, state,
    error_class, error)
  select $1, $2, c.content_id, coalesce(a.own, case c.device_choice
      when 'round_robin' then ($3::bigint[])[1 + ($5::bigint + a.n) % cardinality($3::bigint[])]
      when 'random' then ($3::bigint[])[1 + floor(random() * cardinality($3::bigint[]))]
      else slot.device_id end),
    a.phone, a.id, w.at, greatest(w.at, now()) + c.expire_s * interval '1 second', c.parts = 2 and not a.unreachable,
    case when a.unreachable then 8 else 0 end, case when a.unreachable then 'not_on_whatsapp' end,
    case when a.unreachable then 'the number is not on WhatsApp' end
  from camp c, who, used, audience a
    left join slot on a.own is null and slot.place = a.place,
    lateral (select case when who.most is null then now() else greatest(now(), (who.day
      + ((used.places + a.n * c.parts) / nullif(who.most, 0))::integer)::timestamp at time zone who.zone) end as at) w
  where who.most is distinct from 0
  returning id, device_id, recipient, lead_id, not_before, expires_at, followed, state
), second as (
  insert into outbox (user_id, campaign_id, content_id, device_id, recipient, lead_id, not_before, expires_at, part, follows_id)
  select $1, $2, c.split_content_id, a.device_id, a.recipient, a.lead_id, 'infinity', a.expires_at, 1, a.id
  from camp c, added a where a.followed
), days as (
  insert into user_days as d (user_id, day, queued)
  select $1, (a.not_before at time zone who.zone)::date, sum(a.rows)
  from (select not_before, sum(1 + followed::integer) as rows from added where state = 0 group by 1) a, who group by 2
  on conflict (user_id, day) do update set queued = d.queued + excluded.queued
), made as (
  select device_id, count(*) as rows from added group by 1
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'campaign.state', jsonb_build_object('campaign', id::text, 'title', title, 'state', 'running')
  from camp where state = 'scheduled'
)
select (select count(*) from camp where state = 'scheduled') as started, coalesce((select all_made from u), true) as all_made,
  d.id as device_id, coalesce(m.rows, 0) as rows
from unnest($3::bigint[]) as d (id) left join made m on m.device_id = d.id
where (select set_config('synchronous_commit', 'off', true)) is not null
