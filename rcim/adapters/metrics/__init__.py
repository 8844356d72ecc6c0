"""Metrics for Prometheus (OP-02, docs/adr/0031)."""
