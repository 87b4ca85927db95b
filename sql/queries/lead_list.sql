-- $2 niche or null, $3 status or null, $4 after id
select id, phone, name, niche, status, opted_out, created_at
from leads
where user_id = $1 and ($2::text is null or niche = $2) and ($3::text is null or status = $3) and id > $4
order by id
limit $5
