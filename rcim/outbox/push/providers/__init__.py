"""The push services (PU-01): one module for each, and what those share that are asked over HTTP."""
