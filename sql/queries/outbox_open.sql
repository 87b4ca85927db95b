-- messages that are not final, over all users, from the partial indexes alone
select (select count(*) from outbox where state = 0 and not paused) as pending,
  count(*) filter (where state = 1) as claimed, count(*) filter (where state = 2) as sending
from outbox where state in (1, 2)
