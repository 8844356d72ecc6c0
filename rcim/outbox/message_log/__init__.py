"""The message log: the messages of each hour in one compressed file for each kind of conversation (AB-03)."""
