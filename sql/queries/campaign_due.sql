-- campaigns whose time has come and whose audience has not been written to the outbox yet
select user_id, id, array_to_string(device_ids, ' ') as device_ids from campaigns
where state = 'scheduled' and start_at <= now()
order by start_at, id
limit 100
