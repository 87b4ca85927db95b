-- $2 state or null, $3 after id
select *, array_to_string(device_ids, ' ') as devices
from campaign_counts
where user_id = $1 and ($2::text is null or state = $2) and id > $3
order by id
limit $4
