-- Messages with these words, the newest first. $2 the words, $3 device or null, $4 chat or null, $5 $6 before this time and number of arrival or null, $7 limit.
-- Month by month, back from the newest: the outer limit ends the walk as soon as there are enough.
select m.* from (
  select search_query($1, $2::text) as words offset 0
) q cross join lateral (
  select month, case when month < date_trunc('month', now()) - interval '35 months' then '-infinity' else month end as begins,
    case when month > now() then 'infinity' else month + interval '1 month' end as ends
  from generate_series(date_trunc('month', now(), 'UTC') + interval '1 month',
    date_trunc('month', now(), 'UTC') - interval '36 months', interval '-1 month') month
) span cross join lateral (
  select at, seq, device_id, chat, sender, push_name, from_me, kind, body, media::text as media, status, msg_id,
    target_id, quoted_id
  from messages
  where user_id = $1 and body is not null and search_words(user_id, body) @@ q.words
    and at >= span.begins and at < span.ends
    and ($3::bigint is null or device_id = $3) and ($4::text is null or chat = any(chat_addresses($1, $4)))
    and ($5::timestamptz is null or (at <= $5 and (at, seq) < ($5, $6::bigint)))
  order by at desc, seq desc
  limit $7
) m
limit $7
