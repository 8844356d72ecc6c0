"""One connection without its socket: hello, login, heartbeat, closing, TLS. Bytes and time in, frames out."""
