-- The audience becomes outbox rows, spread over the devices ($3); running it twice adds nothing. What is more
-- than the user may send on a day waits for the next days: each row takes the next place from today on.
with camp as (
  update campaigns set state = 'running', expanded_at = now()
  where user_id = $1 and id = $2 and state = 'scheduled'
  returning user_id, id, title, niches, lead_status, content_id
), audience as (
  select l.id, l.phone, row_number() over (order by l.id) - 1 as n, c.content_id
  from leads l join camp c on c.user_id = l.user_id
  where l.user_id = $1
    and not exists (select 1 from optouts x where x.user_id = l.user_id and x.phone = l.phone)
    and (c.niches is null or l.niches && c.niches) and (c.lead_status is null or l.status = c.lead_status)
), who as (
  select zone, (now() at time zone zone)::date as day, max_messages_day as most from users where id = $1
), used as (
  select coalesce(sum(d.queued), 0) as places from user_days d, who where d.user_id = $1 and d.day >= who.day
), added as (
  insert into outbox (user_id, campaign_id, content_id, device_id, recipient, lead_id, not_before)
  select $1, $2, a.content_id, ($3::bigint[])[(1 + a.n % cardinality($3::bigint[]))::integer], a.phone, a.id,
    case when who.most is null then now() else
      greatest(now(), (who.day + ((used.places + a.n) / nullif(who.most, 0))::integer)::timestamp at time zone who.zone) end
  from audience a, who, used
  where who.most is distinct from 0
  on conflict (user_id, campaign_id, recipient, part) where campaign_id is not null do nothing
  returning not_before
), days as (
  insert into user_days as d (user_id, day, queued)
  select $1, (added.not_before at time zone who.zone)::date, count(*) from added, who group by 2
  on conflict (user_id, day) do update set queued = d.queued + excluded.queued
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'campaign.state', jsonb_build_object('campaign', id::text, 'title', title, 'state', 'running')
  from camp
)
select (select count(*) from camp) as started, (select count(*) from added) as rows
