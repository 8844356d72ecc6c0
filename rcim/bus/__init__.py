"""The interface of dispatch/requests.py over a stream: between gateway processes and the one that owns conversations."""
