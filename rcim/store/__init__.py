"""What is kept and how it is found again: records applied to LMDB, and an in-memory twin for tests.

The seam (docs/adr/0022): `claim` a shard's running numbers, `append` records, read. Nothing above knows what is below.
"""
