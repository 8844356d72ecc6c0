"""The first adapter: the frames of protocol-spec/ over TCP with TLS. It translates."""
