-- the newest first; $1 user or null for all, $2 before id or null, $3 limit
select a.id, a.user_id, coalesce(u.name, '') as name, a.actor, a.method, a.object, a.params::text as params, a.at
from audit a left join users u on u.id = a.user_id
where ($1::bigint is null or a.user_id = $1) and ($2::bigint is null or a.id < $2)
order by a.id desc
limit $3
