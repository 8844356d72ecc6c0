"""The only entrance to the server, for every protocol: the table of operations, with rights and rates."""
