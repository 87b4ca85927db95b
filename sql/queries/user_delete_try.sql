-- what goes with a user
select (select count(*) from devices where user_id = $1) as devices,
  (select count(*) from campaigns where user_id = $1) as campaigns,
  (select count(*) from leads where user_id = $1) as leads,
  (select count(*) from outbox where user_id = $1 and state in (0, 1, 2)) as queued
