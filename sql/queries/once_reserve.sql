-- Reserves an Idempotency-Key: mine when it is new or older than a day; else what it was used for, and the answer
-- (null: unfinished).
with mine as (
  insert into idempotent_answers as i (user_id, key, request) values ($1::bigint, $2::text, $3::bytea)
  on conflict (user_id, key) do update set request = excluded.request, answer = null, at = now()
    where i.at < now() - interval '24 hours'
  returning 1
)
select true as mine, null::bytea as request, null::bytea as answer from mine
union all
select false, request, answer from idempotent_answers
where user_id = $1::bigint and key = $2::text and not exists (select from mine)
