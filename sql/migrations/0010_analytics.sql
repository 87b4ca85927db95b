-- Analytics: counters that follow the events. A scope is what is counted: 0 all of a user, 1 a device, 2 a
-- campaign, 3 a sequence. Days are those of the user's zone when they were counted.

-- the last event that was counted, in commit order; moves in the transaction that counts
create table analytics_cursor (
  one boolean primary key default true check (one),
  xid bigint not null, id bigint not null
);
insert into analytics_cursor (xid, id) values (0, 0);

-- messages. Broadcasts, and what became of them, on the day on which the server took them; failures, opt-outs
-- and what came in on their own day
create table analytics_days (
  user_id bigint not null references users (id) on delete cascade,
  scope smallint not null, scope_id bigint not null, day date not null,
  sent integer not null, delivered integer not null, read integer not null, replied integer not null,
  direct integer not null,                  -- sent, but no broadcasts
  opt_outs integer not null,
  received integer not null,                -- private ones
  primary key (user_id, scope, scope_id, day)
) with (fillfactor = 50);
call wall('analytics_days');

-- broadcasts that have failed, by the class of their error
create table analytics_failures (
  user_id bigint not null references users (id) on delete cascade,
  scope smallint not null, scope_id bigint not null, day date not null, class text not null,
  failed integer not null,
  primary key (user_id, scope, scope_id, day, class)
) with (fillfactor = 50);
call wall('analytics_failures');

-- each of them, so that one which is sent after all counts no longer
create table analytics_failed (
  user_id bigint not null references users (id) on delete cascade,
  outbox_id bigint not null,
  day date not null, class text not null, device_id bigint not null,
  primary key (user_id, outbox_id)
);
call wall('analytics_failed');

-- everybody who got a broadcast has a number, and a bit for each day in row number / 8192: people over many days
-- are counted by or-ing bits. what: 1 sent, 2 delivered, 3 read, 4 replied
create table analytics_people (
  user_id bigint not null references users (id) on delete cascade,
  phone bigint not null,
  number integer not null,
  primary key (user_id, phone),
  unique (user_id, number)
);
call wall('analytics_people');
create table analytics_bits (
  user_id bigint not null references users (id) on delete cascade,
  scope smallint not null, scope_id bigint not null, what smallint not null, day date not null, chunk integer not null,
  bits bit(8192) not null,
  primary key (user_id, scope, scope_id, what, day, chunk)
) with (fillfactor = 50);
call wall('analytics_bits');

-- people and messages of a scope within days; delivered, read and replied are of the broadcasts sent in them
create function analytics_people_in(who bigint, of smallint, of_id bigint, first date, last date,
  out sent bigint, out delivered bigint, out read bigint, out replied bigint)
language sql stable as $$
  select coalesce(sum(bit_count(bits)) filter (where what = 1), 0)::bigint, coalesce(sum(bit_count(bits)) filter (where what = 2), 0)::bigint,
    coalesce(sum(bit_count(bits)) filter (where what = 3), 0)::bigint, coalesce(sum(bit_count(bits)) filter (where what = 4), 0)::bigint
  from (
    select what, bit_or(bits) as bits from analytics_bits
    where user_id = who and scope = of and scope_id = of_id and what in (1, 2, 3, 4) and day between first and last
    group by what, chunk
  ) b
$$;
create function analytics_messages_in(who bigint, of smallint, of_id bigint, first date, last date,
  out sent bigint, out delivered bigint, out read bigint, out replied bigint, out direct bigint, out opt_outs bigint,
  out received bigint, out failed bigint, out failures text)
language sql stable as $$
  select d.*, coalesce(f.failed, 0)::bigint, coalesce(f.failures, '{}')
  from (
    select coalesce(sum(sent), 0)::bigint, coalesce(sum(delivered), 0)::bigint, coalesce(sum(read), 0)::bigint,
      coalesce(sum(replied), 0)::bigint, coalesce(sum(direct), 0)::bigint, coalesce(sum(opt_outs), 0)::bigint,
      coalesce(sum(received), 0)::bigint
    from analytics_days where user_id = who and scope = of and scope_id = of_id and day between first and last
  ) d cross join (
    select sum(failed) as failed, jsonb_object_agg(class, failed)::text as failures
    from (
      select class, sum(failed) as failed from analytics_failures
      where user_id = who and scope = of and scope_id = of_id and day between first and last
      group by class having sum(failed) > 0
    ) c
  ) f
$$;
-- the window of a call: both days as they are given, or so many days until today
create function analytics_window(who bigint, days integer, first_day text, last_day text,
  out first date, out last date, out zone text)
language sql stable as $$
  select coalesce(first_day::date, u.today - (days - 1)), coalesce(last_day::date, u.today), u.zone
  from (select users.zone, (now() at time zone users.zone)::date as today from users where id = who) u
$$;

-- the row of an answer by a rule: its text is known when it leaves
alter table reply_log add column outbox_id bigint;
