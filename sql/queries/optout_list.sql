-- in the order of phones; $2: after this one
select phone as id, phone, device_id, word, at,
  (select name from leads l where l.user_id = optouts.user_id and l.phone = optouts.phone) as name
from optouts
where user_id = $1 and phone > $2
order by phone
limit $3
