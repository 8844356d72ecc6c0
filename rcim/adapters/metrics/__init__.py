"""`/metrics` for Prometheus (OP-02)."""
