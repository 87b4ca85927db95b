-- the id of a device that is about to be made
select nextval(pg_get_serial_sequence('devices', 'id')) as id
