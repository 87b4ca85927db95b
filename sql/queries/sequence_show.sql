-- a sequence with its steps and its messages by state
select r.*, m.pending, m.sending, m.sent + k.sent as sent, m.delivered + k.delivered as delivered, m.read + k.read as read,
  m.failed + k.failed as failed, m.cancelled + k.cancelled as cancelled, m.skipped + k.skipped as skipped,
  m.expired + k.expired as expired,
  (select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('day', t.day, 'send_time', to_char(t.send_time, 'HH24:MI'),
      'text', case when c.media_id is null then c.body else x.body end, 'caption', case when c.media_id is not null then c.body end,
      'has_image', c.media_id is not null, 'split', x.id is not null, 'delay_min_ms', c.delay_min_ms,
      'delay_max_ms', c.delay_max_ms)) order by t.day)
    from sequence_steps t join contents c on c.user_id = t.user_id and c.id = t.content_id
    left join contents x on x.user_id = t.user_id and x.id = t.split_content_id
    where t.user_id = r.user_id and t.sequence_id = r.id and t.version = r.version)::text as steps_json
from sequence_rows r
left join lateral (
  select count(*) filter (where state in (0, 1)) as pending, count(*) filter (where state = 2) as sending,
    count(*) filter (where state >= 3 and state <= 5) as sent, count(*) filter (where state in (4, 5)) as delivered,
    count(*) filter (where state = 5) as read, count(*) filter (where state = 6) as failed,
    count(*) filter (where state = 7) as cancelled, count(*) filter (where state = 8) as skipped,
    count(*) filter (where state = 9) as expired
  from outbox o where o.user_id = r.user_id and o.sequence_id = r.id
) m on true
cross join lateral outbox_trimmed_of(r.user_id, 0, r.id) k
where r.user_id = $1 and r.id = $2
