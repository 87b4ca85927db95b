-- One batch, a row a line of the file. Null keeps what a known lead has, and is the default for a new one; tags
-- ($5) are added to the labels. $13: the last batch, which tells of all: $14 to $16 are the counts so far
with v as materialized (
  select phone, name, labels(niche) as niches, coalesce(labels(tags), '{}') as tags, status, note, vars::jsonb as vars, zone,
    source, at::timestamptz as at, nullif(device, 0) as device
  from unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
    $11::text[], $12::bigint[]) as v (phone, name, niche, tags, status, note, vars, zone, source, at, device)
), known as (
  update leads l
  set name = coalesce(v.name, l.name), status = coalesce(v.status, l.status), note = coalesce(v.note, l.note),
    niches = case when v.tags = '{}' then coalesce(v.niches, l.niches)
      else array(select distinct unnest(coalesce(v.niches, l.niches) || v.tags) order by 1) end,
    vars = l.vars || coalesce(v.vars, '{}'), zone = coalesce(v.zone, l.zone),
    opt_in_source = coalesce(v.source, l.opt_in_source), opt_in_at = coalesce(v.at, l.opt_in_at),
    device_id = coalesce(v.device, l.device_id), updated_at = now()
  from v
  where l.user_id = $1::bigint and l.phone = v.phone
  returning l.phone
), added as (
  insert into leads (user_id, phone, name, niches, status, note, vars, zone, opt_in_source, opt_in_at, device_id)
  select $1::bigint, phone, name, array(select distinct unnest(coalesce(niches, '{}') || tags) order by 1),
    coalesce(status, 'prospect'), note, coalesce(vars, '{}'), zone, source, at, device
  from v
  where not exists (select 1 from leads l where l.user_id = $1::bigint and l.phone = v.phone)
  on conflict (user_id, phone) do nothing
  returning phone
), counted as (
  select $14::bigint + (select count(*) from added) as accepted, $15::bigint + (select count(*) from known) as updated
), event as (
  insert into events (user_id, topic, data)
  select $1::bigint, 'lead.imported', jsonb_build_object('accepted', accepted, 'updated', updated, 'rejected', $16::bigint)
  from counted where $13::boolean
)
select accepted, updated from counted
