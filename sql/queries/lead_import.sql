-- $2 phones, $3 names, $4 niches, $5 statuses; null keeps what a known lead has, and is the default for a new one
with v as materialized (
  select * from unnest($2::bigint[], $3::text[], $4::text[], $5::text[]) as v (phone, name, niche, status)
), known as (
  update leads l
  set name = coalesce(v.name, l.name), niches = coalesce(labels(v.niche), l.niches), status = coalesce(v.status, l.status)
  from v
  where l.user_id = $1 and l.phone = v.phone
  returning l.phone
), added as (
  insert into leads (user_id, phone, name, niches, status)
  select $1, phone, name, coalesce(labels(niche), '{}'), coalesce(status, 'prospect')
  from v
  where not exists (select 1 from leads l where l.user_id = $1 and l.phone = v.phone)
  on conflict (user_id, phone) do nothing
  returning phone
)
select false as fresh from known
union all
select true from added
