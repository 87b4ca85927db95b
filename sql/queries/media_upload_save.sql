insert into media_uploads (user_id, device_id, media_id, url, direct_path, media_key, file_enc_sha256)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (user_id, device_id, media_id) do update
set url = excluded.url, direct_path = excluded.direct_path, media_key = excluded.media_key,
  file_enc_sha256 = excluded.file_enc_sha256, uploaded_at = now()
