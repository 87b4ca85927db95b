-- the audience becomes outbox rows, spread over the devices ($3); running it twice adds nothing
with camp as (
  update campaigns set state = 'running', expanded_at = now()
  where user_id = $1 and id = $2 and state = 'scheduled'
  returning user_id, id, title, niche, lead_status
), audience as (
  select l.id, l.phone, row_number() over (order by l.id) - 1 as n
  from leads l join camp c on c.user_id = l.user_id
  where l.user_id = $1 and not l.opted_out
    and (c.niche is null or l.niche = c.niche) and (c.lead_status is null or l.status = c.lead_status)
), added as (
  insert into outbox (user_id, campaign_id, device_id, recipient, lead_id)
  select $1, $2, ($3::bigint[])[(1 + a.n % cardinality($3::bigint[]))::integer], a.phone, a.id
  from audience a
  on conflict (user_id, campaign_id, recipient) where campaign_id is not null do nothing
  returning 1
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'campaign.state', jsonb_build_object('campaign', id::text, 'title', title, 'state', 'running')
  from camp
)
select (select count(*) from camp) as started, (select count(*) from added) as rows
