-- the id of a webhook that is about to be made
select nextval(pg_get_serial_sequence('webhooks', 'id')) as id
