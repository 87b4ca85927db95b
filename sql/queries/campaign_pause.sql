with u as (
  update campaigns set state = 'paused', updated_at = now()
  where user_id = $1 and id = $2 and state in ('scheduled', 'running')
  returning user_id, id, title, state
), rows as (
  update outbox o set paused = true from u
  where o.user_id = u.user_id and o.campaign_id = u.id and o.state in (0, 1)
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'campaign.state', jsonb_build_object('campaign', id::text, 'title', title, 'state', 'paused') from u
)
select id from u
