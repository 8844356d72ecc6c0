"""`/healthz` and `/readyz` for load balancers and orchestrators (OP-02)."""
