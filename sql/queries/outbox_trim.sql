-- Final rows after $1 days (91 at least: a reply looks for its broadcast for 90), some at a time: counted in
-- outbox_trimmed, then gone, and with an automatic reply the text with variables that was made for it alone. Not of a campaign that may go on, nor of a contact whose sequence does. One user's at a time, who
-- was looked at longest ago; `more`: there may be more of his.
with cut as materialized (
  select now() - greatest($1::integer, 91) * interval '1 day' as at
), whose as materialized (
  select u.id as user_id, coalesce(t.id, 0) as after
  from users u left join outbox_trims t on t.user_id = u.id cross join cut
  cross join lateral (
    select o.created_at from outbox o where o.user_id = u.id and o.id > coalesce(t.id, 0) order by o.id limit 1
  ) first
  where first.created_at < cut.at
  order by t.at nulls first, u.id
  limit 1
), page as materialized (
  select w.user_id, o.id, o.campaign_id, o.contact_id, o.state, greatest(o.created_at, o.sent_at) as at
  from whose w cross join lateral (
    select * from outbox o where o.user_id = w.user_id and o.id > w.after order by o.id limit 2000
  ) o
), gone as (
  delete from outbox o using page p, cut
  where o.user_id = p.user_id and o.id = p.id and o.state >= 3 and p.at < cut.at
    and not exists (select from campaigns c where c.user_id = p.user_id and c.id = p.campaign_id and c.state not in ('done', 'cancelled'))
    and not exists (select from sequence_contacts s where s.user_id = p.user_id and s.id = p.contact_id
      and coalesce(s.ended_at, 'infinity') >= cut.at)
  returning o.user_id, o.id, o.campaign_id, o.sequence_id, o.device_id, o.state, o.replied_at, o.sent_at,
    case when o.priority = 3 and o.campaign_id is null and o.sequence_id is null then o.content_id end as own_content_id
), texts as (
  delete from contents c using gone where c.user_id = gone.user_id and c.id = gone.own_content_id
), counted as (
  insert into outbox_trimmed as t (user_id, campaign_id, sequence_id, device_id, state, rows, replied, last_sent_at)
  select user_id, coalesce(campaign_id, 0), coalesce(sequence_id, 0), device_id, state, count(*), count(replied_at), max(sent_at)
  from gone
  group by 1, 2, 3, 4, 5
  on conflict (user_id, campaign_id, sequence_id, device_id, state) do update set
    rows = t.rows + excluded.rows, replied = t.replied + excluded.replied,
    last_sent_at = greatest(t.last_sent_at, excluded.last_sent_at)
), failed as ( -- none of these is sent after all
  delete from analytics_failed f using gone where f.user_id = gone.user_id and f.outbox_id = gone.id
), looked as (
  insert into outbox_trims as t (user_id, id)
  select w.user_id, case when p.n = 2000 and p.at < cut.at then p.id else 0 end
  from whose w cross join cut cross join (select count(*) as n, max(id) as id, min(at) as at from page) p
  on conflict (user_id) do update set id = excluded.id, at = now()
)
select (select count(*) from gone) as gone,
  coalesce((select count(*) = 2000 and min(page.at) < max(cut.at) from page cross join cut), false) as more
