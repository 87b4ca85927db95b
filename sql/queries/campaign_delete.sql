-- the campaign goes, what waits of it is cancelled, what has left stays with its state
with gone as (
  delete from campaigns where user_id = $1 and id = $2
  returning user_id, id, title
), rows as (
  update outbox o set state = 7, paused = false from gone
  where o.user_id = gone.user_id and o.campaign_id = gone.id and o.state in (0, 1)
  returning 1
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'campaign.deleted', jsonb_build_object('campaign', id::text, 'title', title) from gone
)
select id, (select count(*) from rows) as cancelled from gone
