-- Users, devices, their keys, people, messages, campaigns, the outbox, events.
-- user_id comes first in every tenant key, so that a distributed PostgreSQL can shard by it.

create table users (
  id bigint generated always as identity primary key,
  name text not null unique,
  role text not null check (role in ('admin', 'operator', 'viewer')),
  created_at timestamptz not null default now()
);

create table devices (
  user_id bigint not null references users (id),
  id bigint generated always as identity,
  name text not null,
  -- unpaired, paired, or the fault that stopped it: device_fault_name()
  state text not null default 'unpaired',
  state_reason text,
  state_until timestamptz,                  -- e.g. the end of a ban
  pn bigint, lid bigint, device_no integer, -- own address once linked
  push_name text, platform text, business_name text,
  secrets bytea,                            -- sealed: noise, identity, signed prekey, registration id, adv secret
  account bytea,                            -- ADVSignedDeviceIdentity, all four fields
  next_prekey_id integer not null default 1,
  routing_info bytea,
  delay_min_ms integer not null default 8000 check (delay_min_ms >= 0),
  delay_max_ms integer not null default 20000 check (delay_max_ms >= delay_min_ms),
  created_at timestamptz not null default now(),
  linked_at timestamptz,
  primary key (user_id, id),
  unique (user_id, name)
);
create unique index devices_by_id on devices (id);

-- what pacing needs to survive a crash; one hot narrow row a device
create table device_pacing (
  user_id bigint not null, device_id bigint not null,
  last_sent_at timestamptz, next_at timestamptz,
  primary key (user_id, device_id)
) with (fillfactor = 50);

create table prekeys (
  user_id bigint not null, device_id bigint not null, id integer not null,
  secret bytea not null,                    -- sealed private key
  uploaded boolean not null default false,
  primary key (user_id, device_id, id)
);

-- one Signal session record for each remote device; peer_server is enum jid_server
create table sessions (
  user_id bigint not null, device_id bigint not null,
  peer_server smallint not null, peer_user bigint not null, peer_device integer not null,
  record bytea not null,                    -- sealed
  primary key (user_id, device_id, peer_server, peer_user, peer_device)
) with (fillfactor = 50, toast_tuple_target = 4080, autovacuum_vacuum_scale_factor = 0.01);
alter table sessions alter column record set storage external;

create table sender_keys (
  user_id bigint not null, device_id bigint not null, group_jid text not null,
  peer_server smallint not null, peer_user bigint not null, peer_device integer not null,
  record bytea not null,                    -- sealed
  primary key (user_id, device_id, group_jid, peer_server, peer_user, peer_device)
) with (fillfactor = 50, toast_tuple_target = 4080);

-- phone number <-> LID, learned from the network; one user's view
create table lid_map (
  user_id bigint not null, pn bigint not null, lid bigint not null,
  learned_at timestamptz not null default now(),
  primary key (user_id, pn)
);
create index lid_map_by_lid on lid_map (user_id, lid);

-- device numbers of a person (usync), shared by all devices of a user
create table peer_devices (
  user_id bigint not null, peer_server smallint not null, peer_user bigint not null,
  devices integer[] not null,
  fetched_at timestamptz not null default now(),
  primary key (user_id, peer_server, peer_user)
);

-- chat storage, also the source of resends asked for by retry receipts
create table messages (
  user_id bigint not null, device_id bigint not null,
  chat text not null,                       -- bare JID, LID when known
  sender text not null,                     -- bare JID of the author
  msg_id text not null,
  from_me boolean not null,
  at timestamptz not null,                  -- server time when known
  kind text not null,                       -- message_kind_name()
  body text,                                -- text or caption
  media jsonb,
  target_id text,                           -- what a reaction, edit or revoke is about
  quoted_id text,
  push_name text,
  status smallint not null default 0,       -- own messages: 0 pending 1 sent 2 delivered 3 read 4 played
  raw bytea not null,                       -- Message protobuf
  stored_at timestamptz not null default clock_timestamp(),
  primary key (user_id, device_id, chat, sender, msg_id)
);
create index messages_by_chat on messages (user_id, device_id, chat, at);
create index messages_by_id on messages (user_id, device_id, msg_id);

-- ciphertexts already opened: a stanza that comes again after a crash is only acknowledged
create table opened (
  user_id bigint not null, device_id bigint not null, hash bytea not null,
  at timestamptz not null default now(),
  primary key (user_id, device_id, hash)
);
create index opened_by_time on opened (at);

create table leads (
  user_id bigint not null references users (id),
  id bigint generated always as identity,
  phone bigint not null,
  name text,
  niche text not null default '',
  status text not null default 'prospect' check (status in ('prospect', 'customer')),
  opted_out boolean not null default false,
  created_at timestamptz not null default now(),
  primary key (user_id, id),
  unique (user_id, phone)
);
create index leads_by_niche on leads (user_id, niche, status);

create table media (
  user_id bigint not null references users (id),
  id bigint generated always as identity,
  kind text not null,                       -- image
  mimetype text not null,
  sha256 bytea not null,
  width integer, height integer,
  thumbnail bytea,
  bytes bytea not null,
  created_at timestamptz not null default now(),
  primary key (user_id, id),
  unique (user_id, sha256)
);

-- an uploaded ciphertext, reusable by the device that uploaded it
create table media_uploads (
  user_id bigint not null, device_id bigint not null, media_id bigint not null,
  url text not null, direct_path text not null,
  media_key bytea not null,                 -- sealed
  file_enc_sha256 bytea not null,
  uploaded_at timestamptz not null default now(),
  primary key (user_id, device_id, media_id)
);

create table campaigns (
  user_id bigint not null references users (id),
  id bigint generated always as identity,
  title text not null,
  niche text, lead_status text,             -- audience; null: all
  body text, media_id bigint,               -- text or caption
  device_ids bigint[],                      -- null: every linked device of the user
  delay_min_ms integer, delay_max_ms integer, -- null: the device's own
  state text not null default 'scheduled'
    check (state in ('scheduled', 'running', 'paused', 'done', 'cancelled')),
  start_at timestamptz not null default now(),
  expanded_at timestamptz, finished_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (user_id, id)
);
create index campaigns_due on campaigns (start_at) where state in ('scheduled', 'running');

-- every message we accepted to send: the table is the queue.
-- state: 0 pending, 1 claimed (has its message id), 2 sending (ratchet committed), 3 sent (server ack),
--        4 delivered, 5 read, 6 failed, 7 cancelled
create table outbox (
  user_id bigint not null references users (id),
  id bigint generated always as identity,
  campaign_id bigint,                       -- null: a direct message
  device_id bigint not null,
  recipient bigint not null,                -- phone number
  lead_id bigint,
  body text, media_id bigint,
  priority smallint not null default 5,     -- lower goes first
  state smallint not null default 0,
  paused boolean not null default false,
  msg_id text,                              -- WhatsApp message id, stored before the first send
  attempt integer not null default 0,
  not_before timestamptz not null default now(),
  idempotency_key text,
  error_class text, error text,
  created_at timestamptz not null default now(),
  sending_at timestamptz, sent_at timestamptz, delivered_at timestamptz, read_at timestamptz,
  primary key (user_id, id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01);
create unique index outbox_campaign_recipient on outbox (user_id, campaign_id, recipient)
  where campaign_id is not null;
create unique index outbox_idempotency on outbox (user_id, idempotency_key)
  where idempotency_key is not null;
create index outbox_ready on outbox (user_id, device_id, priority, not_before, id)
  where state = 0 and not paused;
create index outbox_open on outbox (user_id, device_id, id) where state in (1, 2);
create index outbox_by_msg on outbox (user_id, device_id, msg_id) where msg_id is not null;
create index outbox_by_campaign on outbox (user_id, campaign_id, state) where campaign_id is not null;

-- campaigns with their rows counted by state
create view campaign_counts as
select c.*, n.total, n.pending, n.sending, n.sent, n.delivered, n.read, n.failed, n.cancelled
from campaigns c
left join lateral (
  select count(*) as total,
    count(*) filter (where state in (0, 1)) as pending, count(*) filter (where state = 2) as sending,
    count(*) filter (where state >= 3 and state <= 5) as sent,
    count(*) filter (where state in (4, 5)) as delivered, count(*) filter (where state = 5) as read,
    count(*) filter (where state = 6) as failed, count(*) filter (where state = 7) as cancelled
  from outbox o where o.user_id = c.user_id and o.campaign_id = c.id
) n on true;

create table events (
  id bigint generated always as identity primary key,
  user_id bigint not null,
  at timestamptz not null default now(),
  topic text not null,
  data jsonb not null,
  xid xid8 not null default pg_current_xact_id() -- commit order, see event_since
);
create index events_by_user on events (user_id, id);
create index events_in_order on events (xid, id);

insert into users (name, role) values ('admin', 'admin');
