"""Frames as typed classes, the codec derived from them, and the stream splitter: bytes <-> frames.

No asyncio, no sockets, no clock. The table is `frames/`; `schema.py` turns it into straight-line code, and
`reference.py` is the same table read by construct, which the first must always agree with.
"""
