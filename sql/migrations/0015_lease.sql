-- Whether a device's row is to be written by who asks: its node is the connection's own (set when it is made). A node that
-- was held up for longer than its lease finds the row with another, and leaves it as it is.
create function is_own_node(node text) returns boolean language sql stable as $$
  select node is not distinct from nullif(current_setting('wad.node', true), '')
$$;
