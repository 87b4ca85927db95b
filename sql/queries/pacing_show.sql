select d.name, d.delay_min_ms, d.delay_max_ms, p.next_at
from devices d left join device_pacing p on p.user_id = d.user_id and p.device_id = d.id
where d.user_id = $1 and d.id = $2
