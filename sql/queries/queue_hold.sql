-- nothing of anybody is sent until queue_unhold; $1 reason
insert into queue_hold (reason) values ($1) on conflict (one) do update set reason = excluded.reason
