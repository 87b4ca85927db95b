-- a new device, not linked; nothing comes back when the name is taken
with added as (
  insert into devices (user_id, name, delay_min_ms, delay_max_ms)
  values ($1, $2, coalesce($3, 8000), coalesce($4, greatest(coalesce($3, 8000), 20000)))
  on conflict (user_id, name) do nothing
  returning user_id, id, created_at, delay_min_ms, delay_max_ms
), pace as (
  insert into device_pacing (user_id, device_id) select user_id, id from added
)
select id, created_at, delay_min_ms, delay_max_ms from added
