-- $4 why; tried again later, less and less often, $5 times in all
with tried as (
  update history_syncs set attempt = attempt + 1, error = $4::text,
    not_before = now() + interval '1 minute' * power(4, attempt)
  where user_id = $1::bigint and device_id = $2::bigint and msg_id = $3::text and attempt + 1 < $5::integer
  returning 1
)
delete from history_syncs
where user_id = $1::bigint and device_id = $2::bigint and msg_id = $3::text and attempt + 1 >= $5::integer
