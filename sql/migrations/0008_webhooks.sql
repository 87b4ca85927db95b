-- Webhooks: where events go, and what became of each delivery.
create table webhooks (
  user_id bigint not null references users (id),
  id bigint generated always as identity,
  url text not null,
  topics text[],                            -- null: all
  enabled boolean not null default true,
  ordered boolean not null default false,   -- one at a time
  secret bytea not null,                    -- sealed
  old_secret bytea, old_secret_until timestamptz, -- sealed; signs too until then
  disabled_reason text,
  created_at timestamptz not null default now(),
  primary key (user_id, id)
);
call wall('webhooks');
