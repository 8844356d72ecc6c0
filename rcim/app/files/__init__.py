"""What a server has on its disk beside the store: the data directory and the certificate."""
