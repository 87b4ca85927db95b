-- $4 labels, $7 variables as JSON; id null: the phone is a lead already, or there is no such zone
with zone as (
  select name from pg_timezone_names where $8::text is not null and lower(name) = lower($8::text) limit 1
), added as (
  insert into leads (user_id, phone, name, niches, status, note, vars, zone, opt_in_source, opt_in_at, device_id)
  select $1::bigint, $2::bigint, nullif($3::text, ''), coalesce(labels($4::text), '{}'), $5::text, nullif($6::text, ''),
    coalesce((select jsonb_object_agg(key, value) from jsonb_each_text($7::text::jsonb) where value <> ''), '{}'),
    (select name from zone), nullif($9::text, ''), $10::timestamptz, $11::bigint
  where coalesce($8::text, '') = '' or exists (select from zone)
  on conflict (user_id, phone) do nothing
  returning id, phone
), event as (
  insert into events (user_id, topic, data)
  select $1::bigint, 'lead.created', jsonb_build_object('id', id::text, 'phone', phone::text) from added
)
select (select id from added) as id, coalesce($8::text, '') = '' or exists (select from zone) as zone_good, false as taken
