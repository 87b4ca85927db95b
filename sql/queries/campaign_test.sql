-- A campaign's message to one number ($4) from one device ($3), outside of the campaign. full: the user has queued as many as
-- he may on this day. Nothing comes back when there is no such campaign.
with camp as (
  select * from campaigns where user_id = $1::bigint and id = $2::bigint
), who as (
  select id, (now() at time zone zone)::date as day, coalesce(max_messages_day, 2147483647) as most
  from users where id = $1::bigint
), counted as (
  insert into user_days as d (user_id, day, queued)
  select who.id, day, 1 from who, camp where most > 0
  on conflict (user_id, day) do update set queued = d.queued + 1 where d.queued < (select most from who)
  returning 1
), added as (
  insert into outbox (user_id, device_id, recipient, content_id, priority, followed)
  select $1::bigint, $3::bigint, $4::bigint, camp.content_id, 1, camp.split_content_id is not null from counted, camp
  returning user_id, id, device_id, recipient
), second as (
  insert into outbox (user_id, device_id, recipient, content_id, priority, not_before, part, follows_id)
  select a.user_id, a.device_id, a.recipient, camp.split_content_id, 1, 'infinity', 1, a.id from added a, camp
  where camp.split_content_id is not null
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'message.queued', jsonb_build_object('id', id::text, 'device', device_id::text, 'to', recipient::text)
  from added
)
select coalesce((select id from added), 0) as id, not exists (select from added) as full from camp
