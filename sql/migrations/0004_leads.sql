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

-- calling code of phones that are written without one; null: they are refused
alter table users add column default_country integer check (default_country between 1 and 999);

drop index leads_by_niche;
alter table leads
  add column niches text[] not null default '{}', -- labels: trimmed, upper case, sorted, each once
  add column note text,
  add column vars jsonb not null default '{}' check (length(vars::text) <= 65536), -- names to texts, for messages
  add column zone text,                           -- null: the user's
  add column opt_in_source text,
  add column opt_in_at timestamptz,
  add column device_id bigint,                    -- the device that talked to them last; null: none yet
  add column updated_at timestamptz not null default now();
update leads set niches = labels(niche);
alter table leads drop column niche;
create index leads_by_niche on leads using gin (niches);
create index leads_by_name on leads (user_id, (coalesce(lower(name), '')), id);

-- is a number on WhatsApp? Good for 30 days when it is, for 7 when it is not
create table number_checks (
  user_id bigint not null references users (id),
  phone bigint not null,
  is_on_whatsapp boolean not null,
  checked_at timestamptz not null default now(),
  primary key (user_id, phone)
);
call wall('number_checks');

-- numbers that are to be asked for; a batch that is under way is not due until not_before
create table number_check_wants (
  user_id bigint not null references users (id),
  phone bigint not null,
  not_before timestamptz not null default now(),
  attempt integer not null default 0,
  primary key (user_id, phone)
);
create index number_check_wants_due on number_check_wants (user_id, not_before);
call wall('number_check_wants');
-- numbers that each device asked for on each day of the user's zone
create table number_check_days (
  user_id bigint not null references users (id), device_id bigint not null, day date not null,
  asked integer not null,
  primary key (user_id, device_id, day)
);
call wall('number_check_days');

-- what is known of a number now: null when nothing is, or no more. The one rule of how long that is good
create function number_known(is_on_whatsapp boolean, checked_at timestamptz) returns boolean language sql stable as $$
  select case when checked_at > now() - case when is_on_whatsapp then interval '30 days' else interval '7 days' end
    then is_on_whatsapp end
$$;

-- a lead as it is shown
create view lead_rows with (security_invoker = true) as
select l.user_id, l.id, l.phone, l.name, l.niches, array_to_string(l.niches, ',') as niche, l.status, l.note,
  l.vars::text as vars, l.zone, l.opt_in_source, l.opt_in_at, l.device_id, l.created_at, l.updated_at,
  (select true from optouts x where x.user_id = l.user_id and x.phone = l.phone) is true as opted_out,
  (select number_known(k.is_on_whatsapp, k.checked_at) from number_checks k
    where k.user_id = l.user_id and k.phone = l.phone) as on_whatsapp
from leads l;
grant select on lead_rows to wad_tenant;
