-- $8 mark: the same change put twice is one row
insert into audit (user_id, actor_id, actor, method, object, params, at, mark)
values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8)
on conflict (mark) do nothing
