-- the first admin gets his name ($3) and password ($4); nothing comes back when the code ($1) is wrong or was
-- used; $2: key of the attempts
with code as (
  delete from setup_code where hash = $1
    and not exists (select from users where role = 'admin' and active and password_hash is not null)
  returning one
), a as (
  delete from login_limits where key = $2 and exists (select from code)
)
update users set name = $3, password_hash = $4
where id = (select min(id) from users where role = 'admin') and exists (select from code)
returning id
