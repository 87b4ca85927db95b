-- the one user of an installation without accounts
select id from users where role = 'admin' order by id limit 1
