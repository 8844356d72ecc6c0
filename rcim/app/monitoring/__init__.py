"""Health checks, and the figures of a process and of the store."""
