-- whose numbers wait: one step of the index for each such user
with recursive u as (
  (select user_id from number_check_wants where not_before <= now() order by user_id limit 1)
  union all
  select (select w.user_id from number_check_wants w where w.user_id > u.user_id and w.not_before <= now() order by w.user_id limit 1)
  from u where u.user_id is not null
)
select user_id from u where user_id is not null limit 1000
