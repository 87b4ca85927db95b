with added as (
  insert into media (user_id, kind, mimetype, sha256, width, height, bytes)
  values ($1, $2, $3, $4, $5, $6, $7)
  on conflict (user_id, sha256) do nothing
  returning id
)
select id from added
union all
select id from media where user_id = $1 and sha256 = $4 and not exists (select 1 from added)
