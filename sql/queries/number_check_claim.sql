-- The next numbers of a user for the one of these devices ($2) that asked for the fewest today; $3 numbers a device and
-- day, $4 at once. Counted before they are asked for, so that a crash never lets more out; not due again for ten minutes.
-- What was not answered five times is given up.
with today as (
  select (now() at time zone zone)::date as day from users where id = $1
), dev as (
  select d.id, $3::integer - coalesce(n.asked, 0) as room
  from today, unnest($2::bigint[]) d (id)
  left join number_check_days n on n.user_id = $1 and n.device_id = d.id and n.day = (select day from today)
  where coalesce(n.asked, 0) < $3::integer
  order by coalesce(n.asked, 0), d.id limit 1
), batch as materialized (
  select phone, attempt from number_check_wants
  where user_id = $1 and not_before <= now()
  order by not_before
  limit least($4::integer, coalesce((select room from dev), 0))
  for update skip locked
), claimed as (
  update number_check_wants w set not_before = now() + interval '10 minutes', attempt = w.attempt + 1
  from batch where w.user_id = $1 and w.phone = batch.phone and batch.attempt < 5
  returning w.phone
), given_up as (
  delete from number_check_wants w using batch where w.user_id = $1 and w.phone = batch.phone and batch.attempt >= 5
), counted as (
  insert into number_check_days as n (user_id, device_id, day, asked)
  select $1, dev.id, today.day, (select count(*) from claimed) from dev, today where exists (select from claimed)
  on conflict (user_id, device_id, day) do update set asked = n.asked + excluded.asked
), old as (
  delete from number_check_days n using today where n.user_id = $1 and n.day < today.day - 7
)
select (select id from dev) as device_id, phone from claimed
