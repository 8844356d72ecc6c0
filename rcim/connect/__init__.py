"""The connection manager: listener, transports, logins, who is online where, fan-out."""
