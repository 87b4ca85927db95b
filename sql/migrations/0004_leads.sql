-- Leads whole: labels as a set, free variables, consent, zone; what is known of numbers.

-- the second wall between users, for one table; see 0002_accounts
create procedure wall(t regclass) language plpgsql as $$ begin
  execute format('alter table %s enable row level security', t);
  execute format('create policy wall on %s to wad_tenant using (user_id = nullif(current_setting(''wad.user_id'', true), '''')::bigint)', t);
  execute format('grant select, insert, update, delete on %s to wad_tenant', t);
end $$;

-- 'shops, VIP' as a set of labels: {SHOPS,VIP}
create function labels(list text) returns text[] language sql immutable strict parallel safe as $$
  select array(select distinct upper(btrim(n)) from unnest(string_to_array(list, ',')) n where btrim(n) <> '' order by 1)
$$;

drop index leads_by_niche;
alter table leads
  add column niches text[] not null default '{}', -- labels: trimmed, upper case, sorted, each once
  add column note text,
  add column vars jsonb not null default '{}',    -- names to texts, for messages
  add column zone text,                           -- null: the user's
  add column opt_in_source text,
  add column opt_in_at timestamptz,
  add column device_id bigint,                    -- the device that talked to them last; null: none yet
  add column updated_at timestamptz not null default now();
update leads set niches = labels(niche);
alter table leads drop column niche;
create index leads_by_niche on leads using gin (niches);

-- is a number on WhatsApp? Good for 30 days when it is, for 7 when it is not
create table number_checks (
  user_id bigint not null references users (id),
  phone bigint not null,
  is_on_whatsapp boolean not null,
  checked_at timestamptz not null default now(),
  primary key (user_id, phone)
);
call wall('number_checks');
