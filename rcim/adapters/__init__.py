"""Adapters: each translates between the bytes of one protocol and the service. None knows another."""
