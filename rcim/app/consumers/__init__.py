"""What leaves the server, as the settings name it: callbacks, streams, the message log and push."""
