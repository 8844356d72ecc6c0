"""The load generator: many connections in one process, for demonstrations and benches."""
