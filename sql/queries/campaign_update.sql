-- Of what has not begun. Null keeps what is there: $3 title, $4 niche and $5 everyone, $6 status, $7 devices ($8: all),
-- $9 delays ($10, $11) anew, $12 content anew: $13 text or caption, $14 medium, $15 the text after it,
-- $16 start as an instant, $17 as local time, $18 zone, $19 grace, $20 expiry, $21 choice of devices
with old as (
  select c.*, coalesce($18::text, c.zone, u.zone) as in_zone from campaigns c join users u on u.id = c.user_id
  where c.user_id = $1::bigint and c.id = $2::bigint and c.state in ('draft', 'scheduled') and c.begun_at is null
    and ($18::text is null or exists (select from pg_timezone_names where name = $18))
  for update of c
), content as (
  insert into contents (user_id, body, media_id, delay_min_ms, delay_max_ms)
  select t.user_id, case when $12::boolean then $13::text else t.body end, case when $12::boolean then $14::bigint else t.media_id end,
    case when $9::boolean then $10::integer else t.delay_min_ms end, case when $9::boolean then $11::integer else t.delay_max_ms end
  from old join contents t on t.user_id = old.user_id and t.id = old.content_id where $9::boolean or $12::boolean
  returning id, delay_min_ms, delay_max_ms
), split as (
  insert into contents (user_id, body, delay_min_ms, delay_max_ms)
  select old.user_id, case when $12::boolean then $15::text else t.body end, content.delay_min_ms, content.delay_max_ms
  from content, old left join contents t on t.user_id = old.user_id and t.id = old.split_content_id
  where case when $12::boolean then $15::text else t.body end is not null
  returning id
), u as (
  update campaigns c set title = coalesce($3::text, c.title),
    niches = case when $5::boolean then null else coalesce(labels($4::text), c.niches) end,
    lead_status = case when $6::text is null then c.lead_status else nullif($6, 'all') end,
    device_ids = case when $8::boolean then null else coalesce($7::bigint[], c.device_ids) end,
    content_id = coalesce((select id from content), c.content_id),
    split_content_id = case when exists (select from content) then (select id from split) else c.split_content_id end,
    start_at = coalesce($16::timestamptz, instant_of($17::text::timestamp, old.in_zone), c.start_at),
    zone = case when $17::text is not null or $18::text is not null then old.in_zone when $16::timestamptz is not null then null else c.zone end,
    grace_s = coalesce($19::integer, c.grace_s), expire_s = coalesce($20::integer, c.expire_s),
    device_choice = coalesce($21::text, c.device_choice), reason = null, updated_at = now()
  from old where c.user_id = old.user_id and c.id = old.id
  returning c.user_id, c.id, c.title, c.state
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'campaign.updated', jsonb_build_object('campaign', id::text, 'title', title, 'state', state) from u
)
select id from u
