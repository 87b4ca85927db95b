-- Nothing comes back when there is no such zone. $10 the start as an instant, or $11 as local time in $12 (null:
-- the user's zone), or none: at once. $13 a draft; $17 a text that follows the medium as a message of its own
with place as (
  select coalesce($12::text, u.zone) as zone from users u
  where u.id = $1::bigint and ($12::text is null or exists (select from pg_timezone_names where name = $12))
), content as (
  insert into contents (user_id, body, media_id, delay_min_ms, delay_max_ms)
  select $1, $5::text, $6::bigint, $8::integer, $9::integer from place
  returning id
), split as (
  insert into contents (user_id, body, delay_min_ms, delay_max_ms)
  select $1, $17::text, $8::integer, $9::integer from place where $17::text is not null
  returning id
), made as (
  insert into campaigns (user_id, title, niches, lead_status, content_id, split_content_id, device_ids, start_at, zone, state,
    grace_s, expire_s, device_choice)
  select $1::bigint, $2::text, labels($3::text), nullif($4::text, 'all'), content.id, (select id from split), $7::bigint[],
    case when $10::timestamptz is null and $11::text is null and $13::boolean then null
      else coalesce($10::timestamptz, instant_of($11::text::timestamp, place.zone), now()) end,
    case when $11::text is not null or $12::text is not null then place.zone end,
    case when $13::boolean then 'draft' else 'scheduled' end,
    coalesce($14::integer, 86400), coalesce($15::integer, 86400), coalesce($16::text, 'sticky')
  from content, place
  returning user_id, id, title, state, start_at
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'campaign.created', jsonb_build_object('campaign', id::text, 'title', title, 'state', state) from made
)
select id, state, start_at from made
