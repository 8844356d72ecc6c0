"""Runs the actors: mailboxes, group commit, and what follows from a commit."""
