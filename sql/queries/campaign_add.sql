with content as (
  insert into contents (user_id, body, media_id, delay_min_ms, delay_max_ms) values ($1, $5, $6, $8, $9)
  returning id
)
insert into campaigns (user_id, title, niches, lead_status, content_id, device_ids, start_at)
select $1, $2, labels($3), $4, content.id, $7::bigint[], coalesce($10, now()) from content
returning id, state, start_at
