-- what the phone calls people and groups ($3 chats, $4 names, $5 push names), and what was unread ($6); a chat
-- that is kept here already counts for itself
with v as (
  select distinct on (1) coalesce(l.lid || '@lid', r.chat) as chat, coalesce(l.pn, r.pn, by_lid.pn) as phone, r.name,
    r.push_name, r.unread, r.chat like '%@g.us' as is_group
  from (
    select *, case when chat ~ '^\d{1,18}@s\.whatsapp\.net$' then split_part(chat, '@', 1)::bigint end as pn,
      case when chat ~ '^\d{1,18}@lid$' then split_part(chat, '@', 1)::bigint end as lid
    from unnest($3::text[], $4::text[], $5::text[], $6::integer[]) as u (chat, name, push_name, unread)
  ) r
  left join lateral (select pn, lid from lid_map where user_id = $1::bigint and pn = r.pn limit 1) l on true
  left join lateral (select pn from lid_map where user_id = $1::bigint and lid = r.lid limit 1) by_lid on true
  order by 1, r.unread desc
)
insert into chats as c (user_id, chat, device_id, phone, name, push_name, is_group, unread)
select $1::bigint, chat, $2::bigint, phone, name, push_name, is_group, unread from v
where (select store_chats from devices where user_id = $1::bigint and id = $2::bigint)
order by chat
on conflict (user_id, chat, device_id) do update set
  name = coalesce(excluded.name, c.name), push_name = coalesce(excluded.push_name, c.push_name),
  phone = coalesce(c.phone, excluded.phone),
  unread = case when c.last_at = '-infinity' then greatest(c.unread, excluded.unread) else c.unread end
