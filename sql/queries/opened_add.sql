-- ciphertexts that are opened and stored by this unit
insert into opened (user_id, device_id, hash)
select $1::bigint, $2::bigint, unnest($3::bytea[])
on conflict do nothing
