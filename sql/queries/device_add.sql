-- a new device, not linked; nothing comes back when the name is taken or the user's limit is reached. Null: the
-- column's default, $14: the id, $15: the sealed proxy
with added as (
  insert into devices (user_id, name, delay_min_ms, delay_max_ms, per_minute_max, per_hour_max, per_day_max, warm_up,
    quiet_from, quiet_to, keep_days, store_chats, node, id, proxy)
    overriding system value
  select $1::bigint, $2::text, coalesce($3::integer, 8000),
    coalesce($4::integer, greatest(coalesce($3::integer, 8000), 20000)),
    nullif($5::integer, 0), nullif($6::integer, 0), nullif($7::integer, 0), coalesce($8::boolean, true),
    $9::text::time, $10::text::time, nullif($11::integer, 0), coalesce($12::boolean, true), $13::text,
    $14::bigint, $15::bytea
  from users u
  where u.id = $1 and (u.max_devices is null or u.max_devices > (select count(*) from devices where user_id = $1))
  on conflict (user_id, name) do nothing
  returning user_id, id, created_at, delay_min_ms, delay_max_ms
), pace as (
  insert into device_pacing (user_id, device_id) select user_id, id from added
)
select id, created_at, delay_min_ms, delay_max_ms from added
