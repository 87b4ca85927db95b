insert into campaigns (user_id, title, niche, lead_status, body, media_id, device_ids, delay_min_ms, delay_max_ms, start_at)
values ($1, $2, $3, $4, $5, $6, $7::bigint[], $8, $9, coalesce($10, now()))
returning id, state, start_at
