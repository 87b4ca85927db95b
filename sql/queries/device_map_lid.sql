-- own number and LID: $1 user, $2 pn, $3 lid
insert into lid_map (user_id, pn, lid) values ($1, $2, $3)
on conflict (user_id, pn) do update set lid = excluded.lid, learned_at = now()
