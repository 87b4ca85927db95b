with u as (
  update campaigns set state = case when begun_at is null then 'scheduled' else 'running' end, updated_at = now()
  where user_id = $1 and id = $2 and state = 'paused'
  returning user_id, id, title, state
), rows as (
  update outbox o set paused = false from u
  where o.user_id = u.user_id and o.campaign_id = u.id and o.paused
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'campaign.state', jsonb_build_object('campaign', id::text, 'title', title, 'state', state) from u
)
select id from u
