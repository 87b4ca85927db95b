-- $2 word, $3 kind, $4 confirmation or null; a user has at most 200 words
insert into optout_words (user_id, word, kind, answer)
select $1, $2, $3, $4
where exists (select 1 from optout_words where user_id = $1 and word = $2)
  or (select count(*) from optout_words where user_id = $1) < 200
on conflict (user_id, word) do update set kind = excluded.kind, answer = excluded.answer
returning word, kind, answer
