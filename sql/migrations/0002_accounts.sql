-- Accounts: who may do what, how it is proven, what was done. And the second wall between users: row-level
-- security for the role that the API's statements run as.

alter table users
  add column email text,
  add column full_name text,
  add column password_hash text,            -- argon2id; null: cannot log in by password
  add column active boolean not null default true,
  add column zone text not null default 'UTC', -- where the user's day begins
  add column os_uid bigint unique,          -- who is this user on the socket
  add column max_devices integer check (max_devices >= 0),           -- null: no limit
  add column max_messages_day integer check (max_messages_day >= 0), -- null: no limit
  add column last_login_at timestamptz;
create unique index users_by_email on users (lower(email));
create unique index users_by_name on users (lower(name));

-- messages queued for each day of the user's zone
create table user_days (
  user_id bigint not null references users (id), day date not null,
  queued integer not null,
  primary key (user_id, day)
);

-- cookie sessions and bearer tokens; only the SHA-256 of what the caller holds
create table user_sessions (
  user_id bigint not null references users (id),
  id bigint generated always as identity,
  hash bytea not null unique,
  address text not null,
  created_at timestamptz not null, used_at timestamptz not null,
  primary key (user_id, id)
);
create table user_tokens (
  user_id bigint not null references users (id),
  id bigint generated always as identity,
  title text not null,
  scope text not null check (scope in ('read', 'write', 'admin')),
  hash bytea not null unique,
  created_at timestamptz not null, expires_at timestamptz, used_at timestamptz, revoked_at timestamptz,
  primary key (user_id, id)
);

-- what was changed; user_id: whose objects, actor_id: who did it (0: the system). Outlives the users.
create table audit (
  user_id bigint not null,
  id bigint generated always as identity,
  mark bigint not null unique,              -- the same change put twice is one row
  actor_id bigint not null, actor text not null,
  method text not null, object text not null, params jsonb,
  at timestamptz not null,
  primary key (user_id, id)
);
create index audit_by_id on audit (id);

-- attempts to log in, by SHA-256 of the name or the network; since: start of the window
create table login_limits (
  key bytea primary key,
  failures integer not null, since timestamptz not null,
  wait_s integer not null default 0, until_at timestamptz
);

create table setup_code (
  one boolean primary key default true check (one),
  hash bytea not null
);

do $$
declare t name; begin
  if not exists (select from pg_roles where rolname = 'wad_tenant') then begin
      create role wad_tenant nologin;
    exception
      when insufficient_privilege then
        raise exception 'the role wad_tenant is needed: create role wad_tenant nologin; grant wad_tenant to %', current_user;
      when duplicate_object or unique_violation then null; -- made by another database's wad just now
  end; end if;
  if not pg_has_role(current_user, 'wad_tenant', 'member') then
    execute format('grant wad_tenant to %I', current_user);
  end if;
  for t in select c.table_name from information_schema.columns c join information_schema.tables b using (table_schema, table_name)
    where c.table_schema = current_schema and c.column_name = 'user_id' and b.table_type = 'BASE TABLE'
  loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy wall on %I to wad_tenant using (user_id = nullif(current_setting(''wad.user_id'', true), '''')::bigint)', t);
    execute format('grant select, insert, update, delete on %I to wad_tenant', t);
  end loop;
end $$;
alter table users enable row level security;
create policy wall on users to wad_tenant using (id = nullif(current_setting('wad.user_id', true), '')::bigint);
grant select (id, name, role, zone, max_devices, max_messages_day) on users to wad_tenant;
alter view campaign_counts set (security_invoker = true);
grant select on campaign_counts to wad_tenant;
