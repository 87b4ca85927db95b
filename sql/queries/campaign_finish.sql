-- done only when every row is final; one that reached nobody says so
with u as (
  update campaigns c set state = 'done', finished_at = now(), updated_at = now(),
    reason = case when not exists (select from outbox o where o.user_id = c.user_id and o.campaign_id = c.id) then 'nobody' end
  where c.state = 'running' and c.expanded_at is not null
    and not exists (select 1 from outbox o
      where o.user_id = c.user_id and o.campaign_id = c.id and o.state in (0, 1, 2))
  returning c.user_id, c.id, c.title, c.reason
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'campaign.state', jsonb_strip_nulls(jsonb_build_object('campaign', id::text, 'title', title, 'state', 'done',
    'reason', reason)) from u
)
select user_id, id from u
