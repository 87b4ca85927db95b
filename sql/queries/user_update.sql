-- $1 user; null keeps what is there, -1 takes a number away. An inactive user's sessions end.
with ended as (
  delete from user_sessions where user_id = $1::bigint and not coalesce($3::boolean, true)
)
update users set role = coalesce($2, role), active = coalesce($3, active), email = coalesce($4, email),
  full_name = coalesce($5, full_name), zone = coalesce($6, zone),
  os_uid = case when $7::bigint is null then os_uid else nullif($7, -1) end,
  max_devices = case when $8::bigint is null then max_devices else nullif($8, -1)::integer end,
  max_messages_day = case when $9::bigint is null then max_messages_day else nullif($9, -1)::integer end,
  default_country = case when $10::bigint is null then default_country else nullif($10, -1)::integer end
where id = $1 and ($6::text is null or exists (select from pg_timezone_names where name = $6))
returning id
