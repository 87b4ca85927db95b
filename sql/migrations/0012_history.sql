-- Older messages of a chat that the phone was asked for, and whether it has any.

alter table chats add column history_end boolean; -- it has nothing older than what it told of; null: it did not say

create table history_requests (
  user_id bigint not null, device_id bigint not null,
  msg_id text not null,                     -- of the message that asks
  chat text not null,                       -- as it was named then
  at timestamptz not null default now(),
  until timestamptz not null,               -- later than this the answer is late
  late boolean not null default false,      -- it is, and that was told; it may still come
  messages integer not null default 0,      -- new ones stored of the answer so far
  primary key (user_id, device_id, msg_id)
);
call wall('history_requests');

-- the chat that one is kept under now which was named by an address of its person; the address, when there is none
create function chat_now(whose bigint, device bigint, named text) returns text language sql stable as $$
  select coalesce((select chat from chats where user_id = whose and device_id = device
    and chat = any(chat_addresses(whose, named)) limit 1), named)
$$;
