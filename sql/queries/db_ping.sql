-- liveness of a connection
select 1
