-- what failed or expired is to be sent after all: $2 class or null, $3 device or null, $4 campaign or null; with a day
-- of its own if its time is over. Who opted out stays so. A campaign that was done goes on
with u as (
  update outbox o
  set state = 0, attempt = 0, not_before = now(), error_class = null, error = null,
    expires_at = case when o.expires_at <= now() then now() + interval '1 day' else o.expires_at end
  where o.user_id = $1 and o.state in (6, 9) and o.error_class is distinct from 'opted_out'
    and ($2::text is null or o.error_class = $2) and ($3::bigint is null or o.device_id = $3)
    and ($4::bigint is null or o.campaign_id = $4)
  returning o.id, o.campaign_id
), camps as (
  update campaigns c set state = 'running', finished_at = null
  where c.user_id = $1 and c.state = 'done' and c.id in (select campaign_id from u)
  returning c.user_id, c.id, c.title
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'campaign.state', jsonb_build_object('campaign', id::text, 'title', title, 'state', 'running')
  from camps
)
select count(*) as retried from u
