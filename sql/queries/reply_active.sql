-- the rules that may answer on a device ($2); pattern only of those that are matched outside
select id, case when match = 'regex' then pattern end as pattern
from reply_rules
where user_id = $1 and enabled and (device_id is null or device_id = $2)
order by id
limit 100
