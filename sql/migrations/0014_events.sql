-- Events in the statement of their change: whether a device is online is a fact of its row, and an event with it.
alter table devices add column online boolean not null default false; -- as the last event said

-- A delivery under way is a node's own; when that has ended, it is anybody's after a minute.
alter table webhook_deliveries add column node text, add column leased_until timestamptz;
create index webhook_deliveries_under_way on webhook_deliveries (leased_until) where state = 1;

-- What the queue holds no more (outbox_trim), counted: campaigns, sequences and the queue keep their figures. 0: of none.
create table outbox_trimmed (
  user_id bigint not null references users (id) on delete cascade,
  campaign_id bigint not null, sequence_id bigint not null, device_id bigint not null, state smallint not null,
  rows bigint not null, replied bigint not null,
  last_sent_at timestamptz,
  primary key (user_id, campaign_id, sequence_id, device_id, state)
);
call wall('outbox_trimmed');
-- how far each user's rows were looked at in this round
create table outbox_trims (
  user_id bigint primary key references users (id) on delete cascade,
  id bigint not null, at timestamptz not null default now()
);
call wall('outbox_trims');
create function outbox_trimmed_of(whose bigint, campaign bigint, sequence bigint,
  out total bigint, out sent bigint, out delivered bigint, out read bigint, out failed bigint, out cancelled bigint,
  out skipped bigint, out expired bigint, out replied bigint)
language sql stable as $$
  select coalesce(sum(t.rows), 0)::bigint, coalesce(sum(t.rows) filter (where t.state in (3, 4, 5)), 0)::bigint,
    coalesce(sum(t.rows) filter (where t.state in (4, 5)), 0)::bigint, coalesce(sum(t.rows) filter (where t.state = 5), 0)::bigint,
    coalesce(sum(t.rows) filter (where t.state = 6), 0)::bigint, coalesce(sum(t.rows) filter (where t.state = 7), 0)::bigint,
    coalesce(sum(t.rows) filter (where t.state = 8), 0)::bigint, coalesce(sum(t.rows) filter (where t.state = 9), 0)::bigint,
    coalesce(sum(t.replied), 0)::bigint
  from outbox_trimmed t
  where t.user_id = whose and t.campaign_id = campaign and t.sequence_id = sequence
$$;
create or replace view campaign_counts with (security_invoker = true) as
select c.*, array_to_string(c.niches, ',') as niche, t.body, t.media_id, t.delay_min_ms, t.delay_max_ms, s.body as follow_up,
  (select m.kind from media m where m.user_id = c.user_id and m.id = t.media_id) as media,
  n.total + k.total as total, n.pending, n.sending, n.sent + k.sent as sent, n.delivered + k.delivered as delivered,
  n.read + k.read as read, n.failed + k.failed as failed, n.cancelled + k.cancelled as cancelled,
  n.skipped + k.skipped as skipped, n.expired + k.expired as expired,
  (select count(*) from outbox o
    where o.user_id = c.user_id and o.campaign_id = c.id and o.replied_at is not null) + k.replied as replied
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
) n on true
cross join lateral outbox_trimmed_of(c.user_id, c.id, 0) k;
grant select on campaign_counts to wad_tenant;

create index reply_log_by_age on reply_log (at);
