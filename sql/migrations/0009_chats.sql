-- Chats: one row a conversation of a device, kept by every message; messages by month, searchable.

create table chats (
  user_id bigint not null,
  chat text not null,                       -- bare JID, LID when known
  device_id bigint not null,
  phone bigint,                             -- of the person, when known
  name text,                                -- in the account's address book; of a group: its subject
  push_name text,                           -- as the person says
  business_name text,
  is_group boolean not null default false,
  unread integer not null default 0,
  read_at timestamptz,                      -- the account has read so far, on whatever device
  last_at timestamptz not null default '-infinity', -- so: a name is known, and nothing was said yet
  last_msg_id text, last_kind text, last_text text, last_from_me boolean,
  primary key (user_id, chat, device_id)
) with (fillfactor = 80);
create index chats_by_time on chats (device_id, user_id, last_at desc, chat desc); -- never to find one chat by
call wall('chats');

-- What is found of a text: its words in lower case. Scripts written without spaces (Thai, Chinese, ...) go
-- in sign by sign and are looked for as a sequence. One word more names the user, so that a look-up for
-- one never reads what another's words point to. Both are written so that PostgreSQL can put their text in the
-- place of the call (not strict, nothing that is only stable): else each message plans them anew.
create function search_text(body text) returns text language sql immutable parallel safe as $$
  select case when octet_length(body) = length(body) then body else
    regexp_replace(body, '([\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u2E80-\u9FFF\uAC00-\uD7AF\uF900-\uFAFF])', ' \1 ', 'g') end
$$;
create function search_words(user_id bigint, body text) returns tsvector language sql immutable parallel safe as $$
  select array_to_tsvector(array[' ' || user_id::text]) || to_tsvector('simple', search_text(left(body, 20000)))
$$;
-- every word must begin one of the text's; null: no words were given
create function search_query(user_id bigint, words text) returns tsquery language sql immutable parallel safe as $$
  select (''' ' || user_id || ''' & ' || string_agg('(' || q::text || ')', ' & '))::tsquery
  from (
    select case when octet_length(w) = length(w) or search_text(w) = w
      then to_tsquery('simple', '''' || replace(replace(w, '\', '\\'), '''', '''''') || ''':*')
      else phraseto_tsquery('simple', search_text(w)) end as q
    from regexp_split_to_table(words, '\s+') w where w <> ''
  ) each
  where numnode(q) > 0
$$;

alter table messages rename to messages_before;
alter table messages_before drop constraint messages_pkey;
drop index messages_by_chat, messages_by_id;
create sequence messages_seq;
grant usage on sequence messages_seq to wad_tenant;
create table messages (
  user_id bigint not null, device_id bigint not null,
  chat text not null,                       -- as in chats
  sender text not null,                     -- bare JID of the author
  msg_id text not null,
  from_me boolean not null,
  at timestamptz not null,                  -- server time when known, whole seconds
  seq bigint not null default nextval('messages_seq'), -- order of arrival, within a second
  kind text not null,                       -- message_kind_name()
  body text,                                -- text or caption
  media jsonb,
  target_id text,                           -- what a reaction, edit or revoke is about
  quoted_id text,
  push_name text,
  status smallint not null default 0,       -- own messages: 0 pending 1 sent 2 delivered 3 read 4 played
  bare boolean not null default false,      -- without content: kept for resends only, for some days
  raw bytea not null,                       -- Message protobuf; what a retry receipt asks for, and media
  -- The shards plan their statements while tables are empty, and for good: no two indexes may look alike to
  -- one. A message is looked for by its id alone (chat || ''), a chat's messages by the chat.
  primary key (msg_id, user_id, device_id, chat, sender, at)
) partition by range (at);
create index messages_by_chat on messages (chat, user_id, device_id, at, seq);
create index messages_by_word on messages using gin (search_words(user_id, body)) where body is not null;
create index messages_bare on messages (at) where bare;
call wall('messages');

-- what is older than the months, and a net for what is in none of them: both are small
create table messages_rest partition of messages default;
call wall('messages_rest');

-- Makes the months from that of $1 to that of $2, in UTC, where they are missing; how many it made.
create function messages_months(first timestamptz, last timestamptz) returns integer language plpgsql as $$
declare m timestamp; begins timestamptz; ends timestamptz; n text; made integer := 0; begin
  perform set_config('lock_timeout', '2000', true); -- nobody is to wait long behind it
  m := date_trunc('month', first at time zone 'UTC');
  while m <= last at time zone 'UTC' loop
    begins := m at time zone 'UTC';
    m := m + interval '1 month';
    ends := m at time zone 'UTC';
    n := 'messages_' || to_char(begins at time zone 'UTC', 'YYYYMM');
    continue when to_regclass(n) is not null;
    execute format('create table %I (like messages including all)', n);
    execute format('with moved as (delete from messages_rest where at >= %L and at < %L returning *)
      insert into %I select * from moved', begins, ends, n);
    execute format('alter table messages attach partition %I for values from (%L) to (%L)', n, begins, ends);
    execute format('call wall(%L)', n);
    made := made + 1;
  end loop;
  return made;
end $$;

-- Drops months that ended before $1; how many.
create function messages_drop_months(before timestamptz) returns integer language plpgsql as $$
declare n text; dropped integer := 0; begin
  perform set_config('lock_timeout', '2000', true);
  for n in select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'messages'::regclass and c.relname ~ '^messages_\d{6}$'
      and (to_timestamp(substr(c.relname, 10), 'YYYYMM')::date + interval '1 month')::timestamp at time zone 'UTC' <= before
  loop
    execute format('drop table %I', n);
    dropped := dropped + 1;
  end loop;
  return dropped;
end $$;

-- from the oldest message, not more than two years back, to two months ahead
select messages_months(greatest(now() - interval '2 years',
  least(now() - interval '3 months', (select min(at) from messages_before))), now() + interval '2 months');
insert into messages (user_id, device_id, chat, sender, msg_id, from_me, at, kind, body, media, target_id, quoted_id,
  push_name, status, raw)
select user_id, device_id, chat, sender, msg_id, from_me, date_trunc('second', at), kind, body, media, target_id,
  quoted_id, push_name, status, raw
from messages_before
order by date_trunc('second', at), stored_at;
drop table messages_before;

-- reactions, edits and the like are about a message, and none themselves
create function is_said(kind text) returns boolean language sql immutable parallel safe as $$
  select kind not in ('reaction', 'edit', 'revoke', 'poll_vote', 'protocol', 'empty', 'unknown')
$$;
insert into chats (user_id, chat, device_id, phone, push_name, is_group, last_at, last_msg_id, last_kind, last_text,
  last_from_me)
select m.user_id, m.chat, m.device_id,
  case when m.chat ~ '^\d{1,18}@s\.whatsapp\.net$' then split_part(m.chat, '@', 1)::bigint else l.pn end,
  n.push_name, m.chat like '%@g.us', m.at, m.msg_id, m.kind, left(m.body, 200), m.from_me
from (
  select distinct on (user_id, chat, device_id) * from messages where is_said(kind)
  order by user_id, chat, device_id, at desc, seq desc
) m
left join lateral (select min(pn) as pn from lid_map l where l.user_id = m.user_id and l.lid || '@lid' = m.chat) l on true
left join lateral (
  select push_name from messages p
  where p.user_id = m.user_id and p.device_id = m.device_id and p.chat = m.chat and p.push_name is not null
    and not p.from_me and m.chat not like '%@g.us'
  order by at desc, seq desc limit 1
) n on true;

-- what the phone told of the past and is not stored yet
create table history_syncs (
  user_id bigint not null, device_id bigint not null,
  msg_id text not null,                     -- of the message that brought it
  notice bytea not null,                    -- that Message
  attempt integer not null default 0,
  error text,                               -- why it waits
  not_before timestamptz not null default now(),
  at timestamptz not null default now(),
  primary key (user_id, device_id, msg_id)
);
call wall('history_syncs');

-- the addresses under which a chat may be kept that was named by one of them
create function chat_addresses(whose bigint, named text) returns text[] language sql stable strict parallel safe as $$
  select array_remove(array[named, l.lid || '@lid', l.pn || '@s.whatsapp.net'], null)
  from (values (1)) one
  left join lateral (
    select pn, lid from lid_map
    where user_id = whose
      and (pn = case when named ~ '^\d{1,18}@s\.whatsapp\.net$' then split_part(named, '@', 1)::bigint end
        or lid = case when named ~ '^\d{1,18}@lid$' then split_part(named, '@', 1)::bigint end)
    limit 1
  ) l on true
$$;

-- A user's messages with these words, the newest first: month by month, back until there are enough. Behind
-- row-level security no index over words can be used (@@ is not leakproof), so this runs as the owner, and is
-- a wall of its own: it finds nothing but for the user whom the connection acts as.
create function messages_found(whose bigint, words text, device bigint, named text, before_at timestamptz,
  before_seq bigint, most bigint) returns setof messages
language plpgsql stable security definer set search_path from current as $$
declare
  q tsquery := search_query(whose, words); chats text[] := chat_addresses(whose, named); found bigint := 0; n bigint;
  begins timestamptz; ends timestamptz := 'infinity'; oldest timestamptz := date_trunc('month', now(), 'UTC') - interval '36 months'; begin
  if q is null or whose is distinct from nullif(current_setting('wad.user_id', true), '')::bigint then
    return;
  end if;
  begins := date_trunc('month', least(before_at, now() + interval '2 days'), 'UTC');
  while ends > '-infinity' and found < most loop
    if begins < oldest then
      begins := '-infinity';
    end if;
    return query select * from messages m
      where search_words(m.user_id, m.body) @@ q and m.body is not null and m.user_id = whose
        and m.at >= begins and m.at < ends and (device is null or m.device_id = device)
        and (chats is null or m.chat = any(chats))
        and (before_at is null or (m.at <= before_at and (m.at, m.seq) < (before_at, before_seq)))
      order by m.at desc, m.seq desc limit most - found;
    get diagnostics n = row_count;
    found := found + n;
    ends := begins;
    begins := begins - interval '1 month';
  end loop;
end $$;

-- One person's chat that is kept under two addresses becomes one, with its messages: $2 is moved to $3.
create function chats_merge(whose bigint, gone text, stays text, number bigint) returns void language plpgsql as $$ begin
  delete from messages m using messages o
  where m.user_id = whose and m.chat = gone
    and m.device_id in (select device_id from chats where user_id = whose and chat = gone)
    and o.user_id = whose and o.device_id = m.device_id and o.msg_id = m.msg_id and o.chat || '' = stays
    and o.from_me = m.from_me;
  update messages set chat = stays, sender = case when sender = gone then stays else sender end
  where user_id = whose and chat = gone
    and device_id in (select device_id from chats where user_id = whose and chat = gone);
  with old as (
    delete from chats where user_id = whose and chat = gone returning *
  )
  insert into chats as c (user_id, chat, device_id, phone, name, push_name, business_name, is_group, unread, read_at,
    last_at, last_msg_id, last_kind, last_text, last_from_me)
  select user_id, stays, device_id, number, name, push_name, business_name, false, unread, read_at,
    last_at, last_msg_id, last_kind, last_text, last_from_me
  from old
  on conflict (user_id, chat, device_id) do update set
    phone = number, name = coalesce(c.name, excluded.name), push_name = coalesce(c.push_name, excluded.push_name),
    business_name = coalesce(c.business_name, excluded.business_name),
    unread = c.unread + excluded.unread, read_at = greatest(c.read_at, excluded.read_at),
    last_at = greatest(c.last_at, excluded.last_at),
    last_msg_id = case when excluded.last_at > c.last_at then excluded.last_msg_id else c.last_msg_id end,
    last_kind = case when excluded.last_at > c.last_at then excluded.last_kind else c.last_kind end,
    last_text = case when excluded.last_at > c.last_at then excluded.last_text else c.last_text end,
    last_from_me = case when excluded.last_at > c.last_at then excluded.last_from_me else c.last_from_me end;
end $$;

-- whoever learns a pair, in whatever statement, joins the chats by it
create function lid_map_learned() returns trigger language plpgsql as $$
declare by_phone text := new.pn || '@s.whatsapp.net'; by_lid text := new.lid || '@lid'; old_lid text; begin
  if tg_op = 'UPDATE' then
    old_lid := old.lid || '@lid';
  end if;
  update chats set phone = new.pn where user_id = new.user_id and chat = by_lid and phone is distinct from new.pn;
  if exists (select from chats where user_id = new.user_id and chat = by_phone) then
    perform chats_merge(new.user_id, by_phone, by_lid, new.pn);
  end if;
  if old_lid <> by_lid and exists (select from chats where user_id = new.user_id and chat = old_lid) then
    perform chats_merge(new.user_id, old_lid, by_lid, new.pn);
  end if;
  return null;
end $$;
create trigger lid_map_learned after insert or update of lid on lid_map for each row execute function lid_map_learned();
