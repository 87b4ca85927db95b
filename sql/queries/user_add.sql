-- nothing comes back when the name, the e-mail or the uid is taken, or there is no such zone; -1: none
insert into users (name, role, email, full_name, zone, os_uid, max_devices, max_messages_day, password_hash,
  default_country)
select $1::text, $2::text, $3::text, $4::text, coalesce($5::text, 'UTC'), nullif($6::bigint, -1),
  nullif($7::bigint, -1)::integer, nullif($8::bigint, -1)::integer, $9::text,
  nullif($10::bigint, -1)::integer
where $5::text is null or exists (select from pg_timezone_names where name = $5)
on conflict do nothing
returning id
