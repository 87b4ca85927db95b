-- $1 user or null for all, $2 after id, $3 limit
select u.id, u.name, u.role, u.active, u.email, u.full_name, u.zone, u.password_hash is not null as has_password,
  coalesce(u.os_uid, -1) as os_uid, coalesce(u.max_devices, -1) as max_devices,
  coalesce(u.max_messages_day, -1) as max_messages_day, coalesce(u.default_country, -1) as default_country,
  u.created_at, u.last_login_at,
  (select count(*) from devices d where d.user_id = u.id) as devices,
  exists (select from queue_pauses q where q.user_id = u.id) as queue_paused
from users u
where ($1::bigint is null or u.id = $1) and u.id > $2
order by u.id
limit $3
