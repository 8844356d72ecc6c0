"""Reading the settings again while the server runs, and putting into force what has changed."""
