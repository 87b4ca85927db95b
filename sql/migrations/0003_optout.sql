-- Who wants no more messages, the words that say so, and what was answered to whom.

-- the one truth about it, also for people who are no leads (yet)
create table optouts (
  user_id bigint not null references users (id),
  phone bigint not null,
  device_id bigint,                         -- that got the word; null: added by hand
  word text,                                -- as it was read; null: added by hand
  at timestamptz not null default now(),
  primary key (user_id, phone)
);
insert into optouts (user_id, phone) select user_id, phone from leads where opted_out;
alter table leads drop column opted_out;

-- a user's own whole-message words, beside those built in
create table optout_words (
  user_id bigint not null references users (id),
  word text not null,                       -- in the form of phrase_fold()
  kind text not null check (kind in ('stop', 'start')),
  answer text,                              -- null: the built-in confirmation
  created_at timestamptz not null default now(),
  primary key (user_id, word)
);

-- what was answered by itself; a message is answered once
create table reply_log (
  user_id bigint not null references users (id),
  id bigint generated always as identity,
  device_id bigint not null, phone bigint not null,
  msg_id text not null,                     -- of the message that was answered
  kind text not null check (kind in ('stop', 'start', 'rule')),
  rule_id bigint,
  body text not null,                       -- the answer
  at timestamptz not null default now(),
  primary key (user_id, id),
  unique (user_id, device_id, phone, msg_id)
);
create index reply_log_by_rule on reply_log (user_id, rule_id, at);
create index reply_log_by_phone on reply_log (user_id, phone, at);

create table reply_rules (
  user_id bigint not null references users (id),
  id bigint generated always as identity,
  device_id bigint,                         -- null: all devices of the user
  enabled boolean not null default true,
  match text not null check (match in ('any', 'keyword', 'regex')),
  pattern text,                             -- keyword: in the form of phrase_fold()
  body text not null,
  cooldown_s integer not null default 86400 check (cooldown_s >= 0), -- for each contact
  daily_max integer not null default 500 check (daily_max > 0),
  from_time time, to_time time,             -- in the user's zone; null: always; from > to: over midnight
  days integer not null default 127 check (days between 1 and 127), -- bit 0 is Monday
  created_at timestamptz not null default now(),
  primary key (user_id, id),
  check ((pattern is null) = (match = 'any')),
  check ((from_time is null) = (to_time is null))
);

-- other devices of this installation are never answered by themselves
create index devices_by_pn on devices (pn) where pn is not null;

-- the wall between users
alter table optouts enable row level security;
create policy wall on optouts to wad_tenant using (user_id = nullif(current_setting('wad.user_id', true), '')::bigint);
alter table optout_words enable row level security;
create policy wall on optout_words to wad_tenant using (user_id = nullif(current_setting('wad.user_id', true), '')::bigint);
alter table reply_log enable row level security;
create policy wall on reply_log to wad_tenant using (user_id = nullif(current_setting('wad.user_id', true), '')::bigint);
alter table reply_rules enable row level security;
create policy wall on reply_rules to wad_tenant using (user_id = nullif(current_setting('wad.user_id', true), '')::bigint);
grant select, insert, update, delete on optouts, optout_words, reply_log, reply_rules to wad_tenant;
