-- while the account may open no new chats: what would open one waits until the end ($3). A chat is no new one when
-- the person wrote, or has got a message
update outbox o
set not_before = $3, error_class = 'reach_locked', error = 'WhatsApp allows no new chats until then'
where o.user_id = $1 and o.device_id = $2 and o.state = 0 and not o.paused and o.not_before <= now()
  and not exists (select from messages m
    where m.user_id = $1 and m.device_id = $2
      and m.chat in (o.recipient::text || '@s.whatsapp.net',
        (select l.lid::text || '@lid' from lid_map l where l.user_id = $1 and l.pn = o.recipient))
      and (not m.from_me or m.status >= 2))
