-- A batch of messages that the phone tells of, with their chats; each once, whether it is here already or the
-- batch runs again. $3 chats, $4 authors, $5 ids, $6 kinds, $7 texts, $8 media, $9 targets, $10 quoted, $11 push
-- names, $12 from me, $13 seconds, $14 status, $15 bytes, in the order they were sent; or, as the answer to request
-- $16 ('': one that is not known), the newest first: they are older than what is here, and so are their numbers.
with v as (
  select coalesce(l.lid || '@lid', r.chat) as chat,
    case when r.sender = r.chat then coalesce(l.lid || '@lid', r.chat) else r.sender end as sender,
    r.msg_id, r.kind, r.body, r.media, r.target_id, r.quoted_id, r.push_name, r.from_me = 1 as from_me,
    least(to_timestamp(r.at_s), now()) as at, r.status, r.raw, r.n,
    coalesce(l.pn, r.pn, by_lid.pn) as phone
  from (
    select *, case when chat ~ '^\d{1,18}@s\.whatsapp\.net$' then split_part(chat, '@', 1)::bigint end as pn,
      case when chat ~ '^\d{1,18}@lid$' then split_part(chat, '@', 1)::bigint end as lid
    from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
      $11::text[], $12::integer[], $13::bigint[], $14::integer[], $15::bytea[]) with ordinality
      as u (chat, sender, msg_id, kind, body, media, target_id, quoted_id, push_name, from_me, at_s, status, raw, n)
  ) r
  left join lateral (select pn, lid from lid_map where user_id = $1::bigint and pn = r.pn limit 1) l on true
  left join lateral (select pn from lid_map where user_id = $1::bigint and lid = r.lid limit 1) by_lid on true
), m as (
  insert into messages (user_id, device_id, chat, sender, msg_id, from_me, at, kind, body, media, target_id,
    quoted_id, push_name, status, raw, seq)
  select $1::bigint, $2::bigint, v.chat, v.sender, v.msg_id, v.from_me, v.at, v.kind, v.body, v.media::jsonb,
    v.target_id, v.quoted_id, v.push_name, v.status::smallint, v.raw,
    nextval('messages_seq') * case when $16::text is null then 1 else -1 end
  from v cross join devices d left join lateral (
    select true as here from messages o
    where o.user_id = $1::bigint and o.device_id = $2::bigint and o.msg_id = v.msg_id and o.chat || '' = v.chat
      and o.from_me = v.from_me and o.at > v.at - interval '31 days' and o.at < v.at + interval '31 days'
    limit 1
  ) known on true
  where d.user_id = $1::bigint and d.id = $2::bigint and d.store_chats and known.here is null
    and (d.keep_days is null or v.at > now() - d.keep_days * interval '1 day')
  order by v.n
  on conflict (msg_id, user_id, device_id, chat, sender, at) do nothing
  returning chat, at, seq, msg_id, kind, body, from_me
), counted as (
  update history_requests set messages = messages + (select count(*) from m)
  where user_id = $1::bigint and device_id = $2::bigint and msg_id = $16::text
)
insert into chats as c (user_id, chat, device_id, phone, is_group, last_at, last_msg_id, last_kind, last_text,
  last_from_me)
select $1::bigint, chat, $2::bigint, (select phone from v where v.chat = last.chat limit 1), chat like '%@g.us', at,
  msg_id, kind, left(body, 200), from_me
from (select distinct on (chat) * from m where is_said(kind) order by chat, at desc, seq desc) last
order by chat
on conflict (user_id, chat, device_id) do update set
  phone = coalesce(c.phone, excluded.phone), last_at = excluded.last_at, last_msg_id = excluded.last_msg_id,
  last_kind = excluded.last_kind, last_text = excluded.last_text, last_from_me = excluded.last_from_me
where excluded.last_at > c.last_at or ($16::text is null and excluded.last_at = c.last_at)
