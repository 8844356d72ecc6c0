"""What leaves the server besides frames: callbacks, push, routing (sections 12 and 13)."""
