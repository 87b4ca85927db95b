-- $2 labels or null, $3 status or null, $4 after id
select id, phone, name, array_to_string(niches, ',') as niche, status, created_at,
  (select true from optouts x where x.user_id = leads.user_id and x.phone = leads.phone) is true as opted_out
from leads
where user_id = $1 and ($2::text is null or niches && labels($2)) and ($3::text is null or status = $3) and id > $4
order by id
limit $5
