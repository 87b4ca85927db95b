-- upsert on phone; $2 phones, $3 names, $4 niches, $5 statuses (null: keep or default)
insert into leads (user_id, phone, name, niche, status)
select $1, phone, name, coalesce(niche, ''), coalesce(status, 'prospect')
from unnest($2::bigint[], $3::text[], $4::text[], $5::text[]) as v (phone, name, niche, status)
on conflict (user_id, phone) do update
  set name = coalesce(excluded.name, leads.name), niche = excluded.niche, status = excluded.status
returning (xmax = 0) as fresh
