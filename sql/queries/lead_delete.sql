-- what was queued to it stays, and so does its opt-out
with gone as (
  delete from leads where user_id = $1::bigint and id = $2::bigint returning id, phone
), event as (
  insert into events (user_id, topic, data)
  select $1::bigint, 'lead.deleted', jsonb_build_object('id', id::text, 'phone', phone::text) from gone
)
select id from gone
