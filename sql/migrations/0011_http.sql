-- HTTP: requests that carried an Idempotency-Key and their answers, for 24 h. Both are sealed: a request may hold a
-- password, an answer a token.
create table idempotent_answers (
  user_id bigint not null references users (id) on delete cascade,
  key text not null,
  request bytea not null,                   -- SHA-256 of verb, path and body
  answer bytea,                             -- null: not finished, or nobody knows how it ended
  at timestamptz not null default now(),
  primary key (user_id, key)
);
create index idempotent_answers_by_age on idempotent_answers (at);
call wall('idempotent_answers');
