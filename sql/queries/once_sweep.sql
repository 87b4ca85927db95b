-- some of the keys that are older than a day
delete from idempotent_answers where ctid = any (array(
  select ctid from idempotent_answers where at < now() - interval '24 hours' limit 10000))
