-- What a message costs. The shards plan their statements while tables are empty: of two indexes that then look
-- alike, PostgreSQL takes the newer one. A lead is looked for by its number, so that index is made last; by
-- its name, a claim would walk over all leads of the user for each message.
alter table leads drop constraint leads_user_id_phone_key, add constraint leads_user_id_phone_key unique (user_id, phone);

-- A million rows of a campaign are not each a look-up of their user. Who adds rows also counts them (user_days, which names
-- the user), or waits for who deletes him; what was added while that waited goes here, seen by a snapshot of its own.
alter table outbox drop constraint outbox_user_id_fkey;
create function user_gone() returns trigger language plpgsql as $$ begin
  delete from outbox where user_id = old.id;
  return null;
end $$;
create trigger user_gone after delete on users for each row execute function user_gone();

-- Each step of a message writes every index that names its state: one that counts a campaign's rows and keeps them
-- apart, and one of those that are not final, instead of an index for each. The first is made last (see above).
drop index outbox_by_campaign, outbox_campaign_recipient;
create index outbox_live on outbox (user_id, campaign_id) where state in (0, 1, 2) and campaign_id is not null;
create unique index outbox_campaign_recipient on outbox (user_id, campaign_id, recipient, part) include (state)
  where campaign_id is not null;
