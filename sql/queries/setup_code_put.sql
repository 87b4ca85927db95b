-- a code ($1: hash) is needed while no admin can log in by password, and made once
insert into setup_code (hash)
select $1 where not exists (select from users where role = 'admin' and active and password_hash is not null)
on conflict do nothing
returning one
