"""Callbacks about what has happened (CB-02, CB-04): a consumer of the event log for each receiver."""
