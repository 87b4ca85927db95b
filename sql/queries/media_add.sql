-- the same bytes of one kind under one name are one row; $8 file name or null
with added as (
  insert into media (user_id, kind, mimetype, sha256, width, height, bytes, file_name)
  values ($1, $2, $3, $4, $5, $6, $7, $8)
  on conflict (user_id, sha256, kind, file_name) do nothing
  returning id
)
select id from added
union all
select id from media where user_id = $1 and sha256 = $4 and kind = $2 and file_name is not distinct from $8
  and not exists (select 1 from added)
