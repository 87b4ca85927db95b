-- What is null stays. New steps ($13, or null) are a new version: contacts keep their day, and those that come are of
-- the new steps. No id comes back when there is no such sequence or another has the name.
with zone as (
  select $7::text is null or exists (select from pg_timezone_names where name = $7::text) as good
), made as (
  update sequences s
  set name = coalesce($3::text, s.name), description = coalesce($4::text, s.description),
    niches = case when $5::text is null then s.niches else nullif(labels($5::text), '{}') end,
    lead_status = case when $6::text is null then s.lead_status else nullif($6::text, 'all') end,
    zone = coalesce($7::text, s.zone), on_reply = coalesce($8::text, s.on_reply), at_once = coalesce($9::boolean, s.at_once),
    lead_day_max = case when $10::integer is null then s.lead_day_max else nullif($10::integer, 0) end,
    grace_s = coalesce($11::integer, s.grace_s), expire_s = coalesce($12::integer, s.expire_s),
    version = s.version + ($13::jsonb is not null)::integer, look_at = now(), updated_at = now()
  from zone
  where zone.good and s.user_id = $1 and s.id = $2
    and not exists (select from sequences x where x.user_id = $1 and x.name = $3::text and x.id <> $2)
  returning s.user_id, s.id, s.version, s.name, s.state
), step as (
  select * from jsonb_to_recordset(coalesce($13::jsonb, '[]')) as x (day integer, send_time time, body text, media_id bigint,
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
), again as (
  update sequence_contacts c set next_at = now(), due_at = null
  from made
  where made.state = 'active' and ($13::jsonb is not null or $7::text is not null)
    and c.user_id = $1 and c.sequence_id = made.id and c.state = 'active'
), event as (
  insert into events (user_id, topic, data)
  select user_id, 'sequence.updated', jsonb_build_object('sequence', id::text, 'name', name, 'state', state) from made
)
select zone.good, exists (select from sequences where user_id = $1 and id = $2) as known, (select id from made) as id from zone
