-- new one-time keys: $1 user, $2 device, $3 ids, $4 sealed private keys, $5 the id after them
with keys as (
  insert into prekeys (user_id, device_id, id, secret)
  select $1::bigint, $2::bigint, k.id, k.secret from unnest($3::integer[], $4::bytea[]) as k (id, secret)
  on conflict do nothing)
update devices set next_prekey_id = $5::integer where user_id = $1::bigint and id = $2::bigint
