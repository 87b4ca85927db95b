-- the device, its keys, its chats and its queue; what it sent for campaigns stays on record
with gone as (
  update outbox set state = 7, paused = false, error = 'the device was deleted'
  where user_id = $1 and device_id = $2 and state in (0, 1, 2)
  returning 1
), a as (delete from prekeys where user_id = $1 and device_id = $2),
b as (delete from sessions where user_id = $1 and device_id = $2),
c as (delete from sender_keys where user_id = $1 and device_id = $2),
d as (delete from messages where user_id = $1 and device_id = $2),
e as (delete from opened where user_id = $1 and device_id = $2),
f as (delete from media_uploads where user_id = $1 and device_id = $2),
g as (delete from device_pacing where user_id = $1 and device_id = $2),
d2 as (delete from chats where user_id = $1 and device_id = $2),
d3 as (delete from history_syncs where user_id = $1 and device_id = $2),
d4 as (delete from history_requests where user_id = $1 and device_id = $2),
h as (delete from devices where user_id = $1 and id = $2)
select count(*) as cancelled from gone
