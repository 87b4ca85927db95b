-- which of these variables ($2, lower case) no lead of the user has; $1 user
select v.name from unnest($2::text[]) with ordinality as v (name, place)
where not exists (select from leads l, jsonb_object_keys(l.vars) k where l.user_id = $1 and lower(k) = v.name)
order by v.place
