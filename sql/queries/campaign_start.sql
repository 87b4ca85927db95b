-- A draft, one that waits for its time, or one that has missed it: to start at $3, or at local time $4 in zone $5; else at
-- once, but a draft with a time of its own that has not come starts then
with u as (
  update campaigns c set state = 'scheduled', reason = null, updated_at = now(),
    start_at = coalesce($3::timestamptz, instant_of($4::text::timestamp, coalesce($5::text, c.zone, u.zone)),
      case when c.state = 'draft' then greatest(c.start_at, now()) else now() end),
    zone = case when $4::text is not null then coalesce($5::text, c.zone, u.zone) else c.zone end
  from users u
  where c.user_id = $1::bigint and c.id = $2::bigint and u.id = c.user_id and c.state in ('draft', 'scheduled', 'failed') and c.begun_at is null
    and ($5::text is null or exists (select from pg_timezone_names where name = $5))
  returning c.user_id, c.id, c.title, c.state
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'campaign.state', jsonb_build_object('campaign', id::text, 'title', title, 'state', state) from u
)
select id from u
