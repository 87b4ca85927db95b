-- the keys of these ids, for the digest: $1 user, $2 device, $3 ids
select id, secret from prekeys where user_id = $1 and device_id = $2 and id = any ($3::integer[])
