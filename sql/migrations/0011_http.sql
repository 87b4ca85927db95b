-- HTTP: the answers to requests that carried an Idempotency-Key, for 24 h.
create table idempotent_answers (
  user_id bigint not null references users (id),
  key text not null,
  route text not null,
  body_hash bytea not null,
  status integer,                           -- null: still running
  answer text,
  at timestamptz not null default now(),
  primary key (user_id, key)
);
call wall('idempotent_answers');
