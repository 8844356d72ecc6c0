"""Receivers of callbacks made with services' own packages, which run outside of this environment (kit_engines.py)."""
