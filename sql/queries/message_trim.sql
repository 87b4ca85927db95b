-- One step of forgetting: what devices keep no longer, and rows that were kept for resends alone. At most
-- $1 rows at a time; says how many it was. A message sent stays four days, though without its content.
with cut as (
  select user_id, id as device_id, now() - keep_days * interval '1 day' as content,
    now() - greatest(keep_days, 4) * interval '1 day' as row
  from devices where keep_days is not null
), old as (
  (select m.user_id, m.device_id, m.msg_id, m.chat, m.sender, m.at
    from cut join messages m on m.user_id = cut.user_id and m.device_id = cut.device_id
    where m.at < (select max(content) from cut) and m.at < cut.content and (m.at < cut.row or not m.from_me)
    limit $1)
  union all
  (select user_id, device_id, msg_id, chat, sender, at from messages
    where bare and at < now() - interval '4 days' limit $1)
  limit $1
), gone as (
  delete from messages m using old
  where m.user_id = old.user_id and m.device_id = old.device_id and m.msg_id = old.msg_id and m.chat = old.chat
    and m.sender = old.sender and m.at = old.at
  returning 1
), stripped as (
  update messages m set body = null, media = null, bare = true
  from cut
  where m.user_id = cut.user_id and m.device_id = cut.device_id and m.at < (select max(content) from cut)
    and m.at >= now() - interval '4 days' and m.at < cut.content and m.at >= cut.row and m.from_me and not m.bare
  returning 1
), chats_gone as (
  delete from chats c using cut
  where c.user_id = cut.user_id and c.device_id = cut.device_id and c.last_at < cut.content and c.last_at > '-infinity'
  returning 1
)
select (select count(*) from gone) + (select count(*) from stripped) + (select count(*) from chats_gone) as rows
