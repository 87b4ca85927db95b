-- Sequences: messages over days, each contact on a timeline of its own.
--
-- When a contact is looked at is next_at; who looks is sequence_plan. due_at is the instant agreed for the next
-- day; null: to be agreed at that look. So whatever changes the plan (start, resume, other steps) only sets
-- due_at to null and next_at to now().
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
  at_once boolean not null default false,   -- the first message goes when the contact is enrolled
  lead_day_max integer check (lead_day_max > 0), -- messages of sequences that a lead gets on a day; null: any number
  grace_s integer not null default 14400 check (grace_s >= 0), -- how late a message may go; after it: the next day
  expire_s integer not null default 86400 check (expire_s > 0), -- how long a message waits for its device
  version integer not null default 1,       -- of its steps
  started_at timestamptz,                   -- or resumed
  look_at timestamptz,                      -- when leads are looked for again
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (user_id, id),
  unique (user_id, name)
);
create index sequences_looking on sequences (look_at) where state = 'active' and niches is not null;
call wall('sequences');

-- the steps of the present version and of those before
create table sequence_steps (
  user_id bigint not null, sequence_id bigint not null, version integer not null,
  day integer not null check (day between 1 and 3650), -- a gap in the days is a day of waiting
  send_time time not null,                  -- in the sequence's zone
  content_id bigint not null,
  split_content_id bigint,
  primary key (user_id, sequence_id, version, day)
);
call wall('sequence_steps');

create table sequence_contacts (
  user_id bigint not null, sequence_id bigint not null,
  id bigint generated always as identity,
  phone bigint not null,
  device_id bigint,                         -- stays with the contact; null: not chosen yet
  state text not null default 'active'
    check (state in ('active', 'paused', 'completed', 'replied', 'opted_out', 'failed', 'removed')),
  day integer not null default 0,           -- the last one that was queued, its row, and when it was due
  outbox_id bigint, day_at timestamptz,
  open boolean not null default false,      -- that message is not final yet
  settled_at timestamptz,                   -- when it was
  next_at timestamptz, due_at timestamptz,
  enrolled_at timestamptz not null default now(),
  resumed_at timestamptz, ended_at timestamptz,
  primary key (user_id, id)
) with (fillfactor = 70);
create unique index sequence_contacts_once on sequence_contacts (user_id, sequence_id, phone) where state <> 'removed';
create index sequence_contacts_due on sequence_contacts (user_id, next_at)
  where state = 'active' and not open and next_at is not null;
create index sequence_contacts_by_phone on sequence_contacts (user_id, phone) where state in ('active', 'paused');
create index sequence_contacts_by_device on sequence_contacts (user_id, device_id) where state = 'active';
create index sequence_contacts_in_order on sequence_contacts (user_id, sequence_id, id) include (state);
call wall('sequence_contacts');

-- each contact gets each day once
alter table outbox add column day integer;  -- of the sequence
drop index outbox_sequence_step, outbox_by_sequence;
create unique index outbox_sequence_day on outbox (user_id, contact_id, day, part) where contact_id is not null;
create index outbox_by_sequence on outbox (user_id, sequence_id, id) include (state) where sequence_id is not null;
create index outbox_sequence_lead on outbox (user_id, recipient, id) where sequence_id is not null;

-- Days. In a rehearsal a day is day_s seconds long and the zone does not matter; null: a real day.
-- In plpgsql, as PostgreSQL would start an executor for each call of these in SQL.
create function day_of(at timestamptz, zone text, day_s integer) returns bigint language plpgsql stable as $$ begin
  if day_s is null then
    return (at at time zone zone)::date - date '1970-01-01';
  end if;
  return floor(extract(epoch from at) / day_s);
end $$;
-- a time that the zone skips on that day comes right after the gap, one that it has twice counts once
create function day_time(day bigint, t time, zone text, day_s integer) returns timestamptz language plpgsql stable as $$ begin
  if day_s is null then
    return (date '1970-01-01' + day::integer + t) at time zone zone;
  end if;
  return to_timestamp((day + extract(epoch from t) / 86400) * day_s);
end $$;
-- t on the day that lies `days` after that of base; where that is not after `after`: the first t that is
create function day_next(base timestamptz, days integer, t time, zone text, day_s integer, after timestamptz)
returns timestamptz language plpgsql stable as $$ declare
  day bigint := greatest(day_of(base, zone, day_s) + days, day_of(after, zone, day_s));
  at timestamptz := day_time(day, t, zone, day_s); begin
  if at > after then
    return at;
  end if;
  return day_time(day + 1, t, zone, day_s);
end $$;

-- The message of a day is final: the contact goes on. In the statement that made it final, whichever that is.
create function sequence_settled() returns trigger language plpgsql as $$ begin
  with rows as (
    select bool_or(o.state in (0, 1, 2)) as waiting, bool_or(o.error_class = 'opted_out' and o.state = 6) as opted_out,
      bool_or(o.state = 8 or (o.state = 6 and o.error_class in ('failed', 'not_on_whatsapp', 'bad_number'))) as hopeless
    from outbox o where o.user_id = new.user_id and o.contact_id = new.contact_id and o.day = new.day
  )
  update sequence_contacts c
  set open = false, settled_at = now(), device_id = new.device_id,
    next_at = case when exists (select from sequences s where s.user_id = c.user_id and s.id = c.sequence_id and s.state = 'active')
      then coalesce(c.next_at, now()) end,
    state = case when c.state not in ('active', 'paused') then c.state when rows.opted_out then 'opted_out'
      when rows.hopeless then 'failed' else c.state end,
    ended_at = case when c.state in ('active', 'paused') and (rows.opted_out or rows.hopeless) then now() else c.ended_at end
  from rows
  where c.user_id = new.user_id and c.id = new.contact_id and c.day = new.day and c.open and not rows.waiting;
  return null;
end $$;
create trigger sequence_settled after update of state on outbox for each row
  when (new.contact_id is not null and old.state < 3 and new.state >= 3) execute function sequence_settled();

-- A contact changed its state: what waits for it stops with it. A trigger sees rows that another statement
-- added a moment ago; so nothing slips through between planning and stopping.
create function sequence_contact_changed() returns trigger language plpgsql as $$ begin
  if tg_op = 'DELETE' then
    update outbox set state = 7, paused = false
    where user_id = old.user_id and contact_id = old.id and state in (0, 1);
    return null;
  end if;
  if new.state = 'paused' then
    update outbox set paused = true, expires_at = null
    where user_id = new.user_id and contact_id = new.id and state in (0, 1);
  elsif new.state = 'opted_out' then
    with stopped as (
      update outbox set state = 6, paused = false, error_class = 'opted_out', error = 'the recipient opted out'
      where user_id = new.user_id and contact_id = new.id and state in (0, 1)
      returning id, device_id, recipient, msg_id
    )
    insert into events (user_id, topic, data)
    select new.user_id, 'message.failed', jsonb_build_object('id', id::text, 'device', device_id::text,
      'to', recipient::text, 'msg_id', msg_id, 'error', 'the recipient opted out')
    from stopped;
  elsif new.state <> 'active' then
    update outbox set state = 7, paused = false
    where user_id = new.user_id and contact_id = new.id and state in (0, 1);
  end if;
  insert into events (user_id, topic, data)
  values (new.user_id, 'sequence.contact', jsonb_build_object('sequence', new.sequence_id::text,
    'phone', new.phone::text, 'state', new.state, 'day', new.day));
  return null;
end $$;
create trigger sequence_contact_changed after update of state on sequence_contacts for each row
  when (new.state <> old.state) execute function sequence_contact_changed();
create trigger sequence_contact_deleted after delete on sequence_contacts for each row
  execute function sequence_contact_changed();

create function sequence_paused() returns trigger language plpgsql as $$ begin
  update outbox set paused = true, expires_at = null
  where user_id = new.user_id and sequence_id = new.id and state in (0, 1);
  -- the others are not looked at before their message is final, and acks of many at once lock them in any order
  update sequence_contacts set next_at = null
  where user_id = new.user_id and sequence_id = new.id and state = 'active' and not open and next_at is not null;
  return null;
end $$;
create trigger sequence_paused after update of state on sequences for each row
  when (new.state = 'paused' and old.state <> 'paused') execute function sequence_paused();

-- who wants no more messages gets none of any sequence, however that was said
create function sequence_opted_out() returns trigger language plpgsql as $$ begin
  update sequence_contacts set state = 'opted_out', ended_at = now(), next_at = null
  where user_id = new.user_id and phone = new.phone and state in ('active', 'paused');
  return null;
end $$;
create trigger sequence_opted_out after insert on optouts for each row execute function sequence_opted_out();

-- sequences with their contacts counted by state
create view sequence_rows with (security_invoker = true) as
select s.*, array_to_string(s.niches, ',') as niche, n.*,
  (select count(*) from sequence_steps t where t.user_id = s.user_id and t.sequence_id = s.id and t.version = s.version) as steps,
  (select max(t.day) from sequence_steps t where t.user_id = s.user_id and t.sequence_id = s.id and t.version = s.version) as days
from sequences s
left join lateral (
  select count(*) as contacts, count(*) filter (where c.state = 'active') as n_active,
    count(*) filter (where c.state = 'paused') as n_paused, count(*) filter (where c.state = 'completed') as n_completed,
    count(*) filter (where c.state = 'replied') as n_replied, count(*) filter (where c.state = 'opted_out') as n_opted_out,
    count(*) filter (where c.state = 'failed') as n_failed, count(*) filter (where c.state = 'removed') as n_removed
  from sequence_contacts c where c.user_id = s.user_id and c.sequence_id = s.id
) n on true;
grant select on sequence_rows to wad_tenant;
