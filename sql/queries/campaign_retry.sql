-- What failed goes again, with the id it had: all of it, or the classes of $3 (expired: what was not sent in time), of device
-- $4 or null. Never what may have been accepted, never to who has opted out.
with camp as (
  select id, user_id, title, state, expire_s from campaigns
  where user_id = $1 and id = $2 and state in ('running', 'paused', 'done') and expanded_at is not null
  for update
), u as (
  update outbox o set state = 0, attempt = 0, not_before = now(), error_class = null, error = null, paused = camp.state = 'paused',
    expires_at = now() + camp.expire_s * interval '1 second'
  from camp
  where o.user_id = $1 and o.campaign_id = camp.id and o.state in (6, 9) and o.part = 0 and ($4::bigint is null or o.device_id = $4)
    and case when o.state = 9 then 'expired' = any($3::text[])
      else o.error_class not in ('opted_out', 'device_gone', 'unknown') and ($3::text[] is null or o.error_class = any($3)) end
    and not exists (select from optouts x where x.user_id = o.user_id and x.phone = o.recipient)
  returning o.user_id, o.id, o.followed, o.expires_at, o.paused
), second as (
  update outbox f set state = 0, not_before = 'infinity', error_class = null, error = null, expires_at = u.expires_at, paused = u.paused
  from u where u.followed and f.user_id = u.user_id and f.follows_id = u.id and f.state = 7 and f.error_class = 'first_part'
), last as (
  update outbox o set state = 0, attempt = 0, not_before = now(), error_class = null, error = null, paused = camp.state = 'paused',
    expires_at = now() + camp.expire_s * interval '1 second'
  from camp, outbox before
  where o.user_id = $1 and o.campaign_id = camp.id and o.state in (6, 9) and o.part = 1 and ($4::bigint is null or o.device_id = $4)
    and before.user_id = o.user_id and before.id = o.follows_id and before.state between 3 and 5
    and case when o.state = 9 then 'expired' = any($3::text[])
      else o.error_class not in ('opted_out', 'device_gone', 'unknown') and ($3::text[] is null or o.error_class = any($3)) end
    and not exists (select from optouts x where x.user_id = o.user_id and x.phone = o.recipient)
  returning o.id
), again as (
  update campaigns c set state = 'running', finished_at = null, reason = null, updated_at = now() from camp
  where c.user_id = camp.user_id and c.id = camp.id and camp.state = 'done' and (exists (select from u) or exists (select from last))
  returning c.user_id, c.id, c.title
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'campaign.state', jsonb_build_object('campaign', id::text, 'title', title, 'state', 'running') from again
)
select id, (select count(*) from u) + (select count(*) from last) as retried from camp
