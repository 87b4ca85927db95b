insert into events (user_id, topic, data) values ($1, $2, $3::jsonb)
