-- all users, at the start and after a change of one
select id, name, lower(coalesce(email, '')) as email, role, active, zone, coalesce(password_hash, '') as password_hash,
  coalesce(os_uid, -1) as os_uid, coalesce(max_devices, -1) as max_devices,
  coalesce(max_messages_day, -1) as max_messages_day, coalesce(default_country, 0) as default_country
from users order by id
