"""What an operator does with a data directory, a store and a machine: backups, export, checks."""
