-- null keeps what is; $7: whether hours are given, $8 and $9 null: always
update reply_rules
set enabled = coalesce($3::boolean, enabled), body = coalesce($4::text, body),
  cooldown_s = coalesce($5::integer, cooldown_s), daily_max = coalesce($6::integer, daily_max),
  from_time = case when $7::boolean then $8::text::time else from_time end,
  to_time = case when $7::boolean then $9::text::time else to_time end,
  days = coalesce($10::integer, days)
where user_id = $1 and id = $2
returning id
