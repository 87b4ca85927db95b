-- null keeps what is. $5 to $7: 0 takes a cap of its own away; $9: whether quiet hours are given, $10 and $11 null:
-- none; $12: 0 keeps for ever; $14: whether a proxy is given, $15 sealed, null: none
update devices
set delay_min_ms = coalesce($3::integer, delay_min_ms), delay_max_ms = coalesce($4::integer, delay_max_ms),
  per_minute_max = case when $5::integer is null then per_minute_max else nullif($5, 0) end,
  per_hour_max = case when $6::integer is null then per_hour_max else nullif($6, 0) end,
  per_day_max = case when $7::integer is null then per_day_max else nullif($7, 0) end,
  warm_up = coalesce($8::boolean, warm_up),
  quiet_from = case when $9::boolean then $10::text::time else quiet_from end,
  quiet_to = case when $9::boolean then $11::text::time else quiet_to end,
  keep_days = case when $12::integer is null then keep_days else nullif($12, 0) end,
  store_chats = coalesce($13::boolean, store_chats),
  proxy = case when $14::boolean then $15::bytea else proxy end
where user_id = $1 and id = $2 and coalesce($3::integer, delay_min_ms) <= coalesce($4::integer, delay_max_ms)
returning id
