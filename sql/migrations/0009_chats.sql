-- Chats: one row a conversation of a device, kept by every message.
create table chats (
  user_id bigint not null, device_id bigint not null,
  chat text not null,                       -- bare JID, LID when known
  name text,                                -- as the phone's address book, or the person, says
  is_group boolean not null default false,
  unread integer not null default 0,
  last_at timestamptz, last_msg_id text,
  primary key (user_id, device_id, chat)
);
create index chats_by_time on chats (user_id, device_id, last_at desc);
call wall('chats');
