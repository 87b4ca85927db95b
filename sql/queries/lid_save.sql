-- pairs of phone number and LID, in the order of $2; an existing pair changes only when it differs
insert into lid_map (user_id, pn, lid)
select $1::bigint, v.pn, v.lid
from unnest($2::bigint[], $3::bigint[]) as v (pn, lid)
on conflict (user_id, pn) do update set lid = excluded.lid, learned_at = now()
where lid_map.lid <> excluded.lid
