-- a picture or file, and where this device has uploaded it; bytes only when that is to be done
select m.kind, m.mimetype, coalesce(m.file_name, '') as file_name, m.sha256, coalesce(m.width, 0) as width, coalesce(m.height, 0) as height,
  m.thumbnail, octet_length(m.bytes) as length,
  case when u.media_id is null then m.bytes end as bytes,
  u.url, u.direct_path, u.media_key, u.file_enc_sha256, u.uploaded_at
from media m
left join media_uploads u on u.user_id = m.user_id and u.device_id = $2::bigint and u.media_id = m.id
  and u.uploaded_at > now() - interval '7 days'
where m.user_id = $1::bigint and m.id = $3::bigint
