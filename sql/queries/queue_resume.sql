with gone as (delete from queue_pauses where user_id = $1 returning user_id)
insert into events (user_id, topic, data)
select user_id, 'queue.resumed', '{}'::jsonb from gone
