-- campaigns whose time has come and whose audience has not all been written to the outbox yet
select user_id, id, array_to_string(device_ids, ' ') as device_ids, coalesce(reason, '') as reason from campaigns
where (state = 'scheduled' and start_at <= now()) or (state = 'running' and expanded_at is null)
order by start_at, id
limit 100
