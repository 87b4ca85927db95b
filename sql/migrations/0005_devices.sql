-- Devices whole: how each one paces itself, what it keeps, how well it is.
alter table devices
  add column paused boolean not null default false, -- by a person, or by itself (pause_reason)
  add column pause_reason text,
  add column per_minute_max integer check (per_minute_max > 0), -- null: the default
  add column per_hour_max integer check (per_hour_max > 0),
  add column per_day_max integer check (per_day_max > 0),
  add column warm_up boolean not null default true,  -- lower caps while the link is young
  add column quiet_from time, add column quiet_to time, -- in the user's zone; from > to: over midnight
  add column proxy bytea,                            -- sealed: its address holds a password
  add column keep_days integer check (keep_days > 0), -- how long its chats are kept; null: for ever
  add column store_chats boolean not null default true,
  add column reach_locked_until timestamptz,         -- new chats wait until then
  add check ((quiet_from is null) = (quiet_to is null));

-- how many were sent lately, in the form of pacing_save()
alter table device_pacing add column counts bytea;

-- queues that stand still as a whole: a user's, everybody's
create table queue_pauses (
  user_id bigint primary key references users (id) on delete cascade,
  reason text,
  at timestamptz not null default now()
);
call wall('queue_pauses');
create table queue_hold (
  one boolean primary key default true check (one),
  reason text,
  at timestamptz not null default now()
);
grant select on queue_hold to wad_tenant;

-- what waits for the word about new chats, or for the end of their lock
create index outbox_strangers on outbox (user_id, device_id)
  where state = 0 and error_class in ('cold_contact', 'reach_locked');

-- the daemons on this database, and until when the devices of each are its own
create table nodes (
  name text primary key,
  lease_until timestamptz not null
);
alter table devices add column node text;
create index devices_by_node on devices (node);

-- what the server took and no phone has shown yet
create index outbox_one_tick on outbox (user_id, device_id, sent_at) where state = 3;
