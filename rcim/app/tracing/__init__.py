"""Traces of messages: which messages, what a span is, and how spans reach a collector."""
