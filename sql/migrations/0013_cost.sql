-- What a message costs. The shards plan their statements while tables are empty: of two indexes that then look
-- alike, PostgreSQL takes the newer one. A lead is looked for by its number, so that index is made last; by
-- its name, a claim would walk over all leads of the user for each message.
alter table leads drop constraint leads_user_id_phone_key, add constraint leads_user_id_phone_key unique (user_id, phone);
