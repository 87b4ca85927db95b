-- what the phone calls people and groups ($3 chats, $4 names, $5 push names), what was unread ($6) and
-- whether the phone has more of the chat than it tells ($7: 1 more, 2 no more, 0 it does not say); a chat that is
-- kept here already counts for itself
with v as (
  select chat, max(phone) as phone, max(name) as name, max(push_name) as push_name, max(unread) as unread, max(ended) as ended
  from (
    select coalesce(l.lid || '@lid', r.chat) as chat, coalesce(l.pn, r.pn, by_lid.pn) as phone, r.name, r.push_name,
      r.unread, r.ended
    from (
      select *, case when chat ~ '^\d{1,18}@s\.whatsapp\.net$' then split_part(chat, '@', 1)::bigint end as pn,
        case when chat ~ '^\d{1,18}@lid$' then split_part(chat, '@', 1)::bigint end as lid
      from unnest($3::text[], $4::text[], $5::text[], $6::integer[], $7::integer[])
        as u (chat, name, push_name, unread, ended)
    ) r
    left join lateral (select pn, lid from lid_map where user_id = $1::bigint and pn = r.pn limit 1) l on true
    left join lateral (select pn from lid_map where user_id = $1::bigint and lid = r.lid limit 1) by_lid on true
  ) each
  group by chat
)
insert into chats as c (user_id, chat, device_id, phone, name, push_name, is_group, unread, history_end)
select $1::bigint, chat, $2::bigint, phone, name, push_name, chat like '%@g.us', unread,
  case ended when 1 then false when 2 then true end
from v
where (select store_chats from devices where user_id = $1::bigint and id = $2::bigint)
order by chat
on conflict (user_id, chat, device_id) do update set
  name = coalesce(excluded.name, c.name), push_name = coalesce(excluded.push_name, c.push_name),
  phone = coalesce(c.phone, excluded.phone), history_end = coalesce(excluded.history_end, c.history_end),
  unread = case when c.last_at = '-infinity' then greatest(c.unread, excluded.unread) else c.unread end
