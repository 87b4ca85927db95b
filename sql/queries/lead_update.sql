-- null keeps what is there, an empty text takes it away; $8 variables as JSON, those with an empty text go
with zone as (
  select name from pg_timezone_names where $9::text is not null and lower(name) = lower($9::text) limit 1
), checked as (
  select coalesce($9::text, '') = '' or exists (select from zone) as zone_good,
    exists (select from leads where user_id = $1::bigint and phone = $3::bigint and id <> $2::bigint) as taken
), changed as (
  update leads l
  set phone = coalesce($3::bigint, l.phone), name = case when $4::text is null then l.name else nullif($4::text, '') end,
    niches = coalesce(labels($5::text), l.niches), status = coalesce($6::text, l.status),
    note = case when $7::text is null then l.note else nullif($7::text, '') end,
    vars = case when $8::text is null then l.vars else coalesce((
      select jsonb_object_agg(key, value) from jsonb_each_text(l.vars || $8::text::jsonb) where value <> ''), '{}') end,
    zone = case when $9::text is null then l.zone else (select name from zone) end,
    opt_in_source = case when $10::text is null then l.opt_in_source else nullif($10::text, '') end,
    opt_in_at = case when $11::timestamptz is not null then $11::timestamptz
      when $10::text = '' then null else l.opt_in_at end,
    device_id = coalesce($12::bigint, l.device_id), updated_at = now()
  from checked
  where l.user_id = $1::bigint and l.id = $2::bigint and checked.zone_good and not checked.taken
  returning l.id, l.phone
), event as (
  insert into events (user_id, topic, data)
  select $1::bigint, 'lead.updated', jsonb_build_object('id', id::text, 'phone', phone::text) from changed
)
select (select id from changed) as id, zone_good, taken from checked
