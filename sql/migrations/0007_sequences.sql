-- Sequences: messages over days, each contact on a timeline of its own.
create table sequences (
  user_id bigint not null references users (id),
  id bigint generated always as identity,
  name text not null,
  description text,
  state text not null default 'draft' check (state in ('draft', 'active', 'paused')),
  niches text[],                            -- enrols the user's leads with any of these labels; null: by hand only
  lead_status text check (lead_status in ('prospect', 'customer')), -- null: all
  zone text,                                -- null: the user's
  on_reply text not null default 'stop' check (on_reply in ('stop', 'pause', 'continue')),
  version integer not null default 1,       -- of its steps
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (user_id, id),
  unique (user_id, name)
);
call wall('sequences');

-- the steps of the present version and of those before: rows that were queued keep theirs
create table sequence_steps (
  user_id bigint not null, sequence_id bigint not null, version integer not null,
  day integer not null check (day between 1 and 3650), -- a gap in the days is a day of waiting
  send_time time,                           -- in the sequence's zone; null on day 1: at once
  content_id bigint not null,
  split_content_id bigint,
  primary key (user_id, sequence_id, version, day)
);
call wall('sequence_steps');

create table sequence_contacts (
  user_id bigint not null, sequence_id bigint not null,
  id bigint generated always as identity,
  phone bigint not null,
  lead_id bigint,
  device_id bigint,                         -- stays with the contact; null: not chosen yet
  state text not null default 'active'
    check (state in ('active', 'paused', 'completed', 'replied', 'opted_out', 'failed', 'removed')),
  day integer not null default 0,           -- the last one that was queued
  next_at timestamptz,                      -- when the next day is due; null: nothing more to come now
  outbox_id bigint,                         -- the last row that was queued
  enrolled_at timestamptz not null default now(),
  ended_at timestamptz,
  primary key (user_id, id),
  unique (user_id, sequence_id, phone)
);
create index sequence_contacts_due on sequence_contacts (next_at) where state = 'active' and next_at is not null;
create index sequence_contacts_by_phone on sequence_contacts (user_id, phone) where state = 'active';
call wall('sequence_contacts');
