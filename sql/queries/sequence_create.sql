-- Its steps with it ($12: day, send_time, body, media_id, split, delay_min_ms, delay_max_ms of each), or nothing at
-- all: good says whether the zone ($6) exists; no id comes back when the name is taken
with zone as (
  select $6::text is null or exists (select from pg_timezone_names where name = $6::text) as good
), made as (
  insert into sequences (user_id, name, description, niches, lead_status, zone, on_reply, at_once, lead_day_max, grace_s,
    expire_s, created_at, updated_at)
  select $1, $2::text, $3::text, nullif(labels($4::text), '{}'), $5::text, $6::text, $7::text, $8::boolean, $9::integer, $10::integer,
    $11::integer, now(), now()
  from zone where zone.good
  on conflict (user_id, name) do nothing
  returning user_id, id, version, name, state
), step as (
  select * from jsonb_to_recordset($12::jsonb) as x (day integer, send_time time, body text, media_id bigint,
    split text, delay_min_ms integer, delay_max_ms integer)
), part as (
  select p.*, row_number() over (order by p.day, p.part) as n
  from (
    select day, 0 as part, body, media_id, delay_min_ms, delay_max_ms from step
    union all
    select day, 1, split, null, delay_min_ms, delay_max_ms from step where split is not null
  ) p
), content as (
  insert into contents (user_id, body, media_id, delay_min_ms, delay_max_ms)
  select $1, body, media_id, delay_min_ms, delay_max_ms from part, made order by n
  returning id
), numbered as (
  select id, row_number() over (order by id) as n from content
), steps as (
  insert into sequence_steps (user_id, sequence_id, version, day, send_time, content_id, split_content_id)
  select $1, made.id, made.version, step.day, step.send_time,
    (select numbered.id from numbered join part using (n) where part.day = step.day and part.part = 0),
    (select numbered.id from numbered join part using (n) where part.day = step.day and part.part = 1)
  from step, made
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'sequence.state', jsonb_build_object('sequence', id::text, 'name', name, 'state', state) from made
)
select zone.good, (select id from made) as id from zone
