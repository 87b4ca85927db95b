-- what of a stanza was handled before: how many of its ciphertexts ($3: hashes) were opened, and
-- whether the message ($4: id) is stored from any of the sender's addresses ($5), not before $6
select
  (select count(*) from unnest($3::bytea[]) h (hash),
    lateral (select from opened o
      where o.user_id = $1::bigint and o.device_id = $2::bigint and o.hash = h.hash offset 0) o) as opened,
  exists (select 1 from messages
    where user_id = $1::bigint and device_id = $2::bigint and msg_id = $4::text
      and sender = any($5::text[]) and at > $6::timestamptz) as stored
