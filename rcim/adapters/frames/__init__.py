"""The adapter for the frames of protocol-spec/, over TCP with TLS."""
