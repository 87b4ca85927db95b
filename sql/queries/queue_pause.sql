-- nothing of the user is sent until queue_resume; $2 reason
with added as (
  insert into queue_pauses (user_id, reason) values ($1, $2)
  on conflict (user_id) do update set reason = excluded.reason
  returning user_id, reason
)
insert into events (user_id, topic, data)
select user_id, 'queue.paused', jsonb_build_object('reason', coalesce(reason, '')) from added
