-- Messages with these words, the newest first. $2 the words, $3 device or null, $4 chat or null, $5 $6 before
-- this time and number of arrival or null, $7 limit
select at, seq, device_id, chat, sender, push_name, from_me, kind, body, media::text as media, status, msg_id, target_id,
  quoted_id
from messages_found($1, $2::text, $3::bigint, $4::text, $5::timestamptz, $6::bigint, $7)
order by at desc, seq desc
