-- What is sent, and the queue for all who send: direct messages, replies, sequences, campaigns.

-- a text, or a media message with its caption; shared by all rows that send it, never changed
create table contents (
  user_id bigint not null references users (id),
  id bigint generated always as identity,
  body text,                                -- text or caption, may hold variables and variants
  media_id bigint,
  delay_min_ms integer, delay_max_ms integer, -- of the campaign or step; null: the device's own
  templated boolean not null generated always as (coalesce(body ~ '[{}]', false)) stored, -- body has variables or variants
  created_at timestamptz not null default now(),
  primary key (user_id, id),
  check ((delay_min_ms is null) = (delay_max_ms is null))
);
call wall('contents');

-- a file's own name, for documents; the same bytes under two names are two rows
alter table media add column file_name text, drop constraint media_user_id_sha256_key,
  add constraint media_by_hash unique nulls not distinct (user_id, sha256, kind, file_name);

-- The first instant at which clocks in the zone show this time or a later one: where they leap over it, where
-- they land; where they show it twice, the first.
create function instant_of(local timestamp, zone text) returns timestamptz language sql stable strict as $$
  select case
    when t at time zone zone <> local then (
      select min(s) from generate_series(date_trunc('minute', t - (t at time zone zone - local)), t, interval '1 minute') s
      where s at time zone zone >= local)
    when first at time zone zone = local and first < t then first
    else t end
  from (select local at time zone zone as t) a,
    lateral (select (t - interval '12 hours') as before) b,
    lateral (select (local - (before at time zone zone - before at time zone 'UTC')) at time zone 'UTC' as first) c
$$;

drop view campaign_counts;
alter table campaigns
  add column content_id bigint,
  add column split_content_id bigint,       -- a text that follows 3 s after the media
  add column niches text[],                 -- audience: any of these labels; null: everyone
  add column begun_at timestamptz,          -- its first rows were made; they are made lead by lead, in order of id,
  add column expand_after bigint not null default 0, -- up to this one so far; expanded_at: all are made
  add column zone text,                     -- in which start_at was given; null: the user's
  add column grace_s integer not null default 86400 check (grace_s >= 0), -- how late it may start
  add column expire_s integer not null default 86400 check (expire_s > 0), -- rows expire that long after the start
  add column device_choice text not null default 'sticky'
    check (device_choice in ('sticky', 'round_robin', 'random', 'least_loaded')),
  add column reason text,                   -- why it waits or failed: no_device, missed, nobody
  add column updated_at timestamptz not null default now(),
  alter column start_at drop not null,      -- null: a draft that starts when it is told to
  drop constraint campaigns_state_check,
  add constraint campaigns_state_check
    check (state in ('draft', 'scheduled', 'running', 'paused', 'done', 'cancelled', 'failed'));
with old as (
  select user_id, id, regexp_replace(body, '([{}])', '\\\1', 'g') as body, media_id, delay_min_ms, delay_max_ms, -- braces were plain
    row_number() over (order by user_id, id) as n from campaigns
), made as (
  insert into contents (user_id, body, media_id, delay_min_ms, delay_max_ms)
  select user_id, body, media_id, delay_min_ms, delay_max_ms from old order by n
  returning user_id, id
), numbered as (
  select user_id, id, row_number() over (order by id) as n from made
)
update campaigns c set content_id = numbered.id, begun_at = c.expanded_at,
  niches = labels(c.niche)
from old join numbered using (n) where c.user_id = old.user_id and c.id = old.id;
alter table campaigns drop column body, drop column media_id, drop column delay_min_ms, drop column delay_max_ms,
  drop column niche;

-- state, besides those of 0001: 8 skipped (never to be sent: no device, not on WhatsApp), 9 expired
alter table outbox
  add column content_id bigint,             -- what is sent; null: body and media_id of the row itself
  add column sequence_id bigint, add column contact_id bigint, -- of a sequence: whose contact
  add column part smallint not null default 0, -- of a message in two parts: 0, then 1
  add column follows_id bigint,             -- waits (not_before = infinity) until that row is sent
  add column followed boolean not null default false, -- another row waits for this one
  add column expires_at timestamptz,        -- still pending then: expired; null: never
  add column replied_at timestamptz,        -- the recipient's next message, if it came in time (outbox_replied.sql)
  add check (campaign_id is null or sequence_id is null);
update outbox o set content_id = c.content_id from campaigns c
where c.user_id = o.user_id and c.id = o.campaign_id and o.body is null;
drop index outbox_campaign_recipient;
create unique index outbox_campaign_recipient on outbox (user_id, campaign_id, recipient, part)
  where campaign_id is not null;
create unique index outbox_sequence_step on outbox (user_id, contact_id, content_id, part)
  where contact_id is not null;
create index outbox_by_sequence on outbox (user_id, sequence_id, state) where sequence_id is not null;
create index outbox_broadcast on outbox (user_id, recipient, sent_at)
  where sent_at is not null and (campaign_id is not null or sequence_id is not null);
create index outbox_replied on outbox (user_id, campaign_id) where replied_at is not null;
create unique index outbox_follows on outbox (user_id, follows_id) where follows_id is not null;
create index outbox_expiring on outbox (expires_at) where state = 0 and expires_at is not null;

-- The second of two parts leaves 3 s after the first has; when the first will never leave, neither does it.
create function outbox_part_ended() returns trigger language plpgsql as $$ begin
  if new.state between 3 and 5 then
    update outbox set not_before = now() + interval '3 seconds'
    where user_id = new.user_id and follows_id = new.id and state = 0 and not_before = 'infinity';
  else
    update outbox set state = 7, error_class = 'first_part', error = 'the part before it was not sent'
    where user_id = new.user_id and follows_id = new.id and state in (0, 1) and not_before = 'infinity';
  end if;
  return null;
end $$;
create trigger outbox_part_ended after update of state on outbox for each row
  when (new.followed and new.state > 2 and old.state <= 2) execute function outbox_part_ended();

-- campaigns with their rows counted by state
create view campaign_counts with (security_invoker = true) as
select c.*, array_to_string(c.niches, ',') as niche, t.body, t.media_id, t.delay_min_ms, t.delay_max_ms, s.body as follow_up,
  (select m.kind from media m where m.user_id = c.user_id and m.id = t.media_id) as media,
  n.total, n.pending, n.sending, n.sent, n.delivered, n.read, n.failed, n.cancelled, n.skipped, n.expired,
  (select count(*) from outbox o
    where o.user_id = c.user_id and o.campaign_id = c.id and o.replied_at is not null) as replied
from campaigns c
left join contents t on t.user_id = c.user_id and t.id = c.content_id
left join contents s on s.user_id = c.user_id and s.id = c.split_content_id
left join lateral (
  select count(*) as total,
    count(*) filter (where state in (0, 1)) as pending, count(*) filter (where state = 2) as sending,
    count(*) filter (where state >= 3 and state <= 5) as sent,
    count(*) filter (where state in (4, 5)) as delivered, count(*) filter (where state = 5) as read,
    count(*) filter (where state = 6) as failed, count(*) filter (where state = 7) as cancelled,
    count(*) filter (where state = 8) as skipped, count(*) filter (where state = 9) as expired
  from outbox o where o.user_id = c.user_id and o.campaign_id = c.id
) n on true;
grant select on campaign_counts to wad_tenant;
