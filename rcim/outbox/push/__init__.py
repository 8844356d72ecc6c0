"""Push: who is told of a message on a phone that is not connected, in which words, and by which service (PU-01)."""
