-- a user without devices, and all that is his; the audit stays
with u as (
  select id from users where id = $1 and not exists (select from devices where user_id = $1)
), a as (delete from outbox where user_id in (select id from u)),
b as (delete from campaigns where user_id in (select id from u)),
b2 as (delete from contents where user_id in (select id from u)),
c as (delete from leads where user_id in (select id from u)),
d as (delete from media where user_id in (select id from u)),
e as (delete from messages where user_id in (select id from u)),
e2 as (delete from chats where user_id in (select id from u)),
f as (delete from lid_map where user_id in (select id from u)),
g as (delete from peer_devices where user_id in (select id from u)),
h as (delete from user_days where user_id in (select id from u)),
i as (delete from user_sessions where user_id in (select id from u)),
j as (delete from user_tokens where user_id in (select id from u)),
j3 as (delete from sequence_contacts where user_id in (select id from u)),
j4 as (delete from sequence_steps where user_id in (select id from u)),
j5 as (delete from sequences where user_id in (select id from u)),
j6 as (delete from optouts where user_id in (select id from u)),
j7 as (delete from optout_words where user_id in (select id from u)),
j8 as (delete from reply_log where user_id in (select id from u)),
j9 as (delete from reply_rules where user_id in (select id from u)),
j10 as (delete from number_checks where user_id in (select id from u)),
j11 as (delete from number_check_wants where user_id in (select id from u)),
j12 as (delete from number_check_days where user_id in (select id from u)),
k as (delete from events where user_id in (select id from u)),
l as (delete from webhook_deliveries where user_id in (select id from u)),
m as (delete from webhooks where user_id in (select id from u))
delete from users where id in (select id from u)
returning id
