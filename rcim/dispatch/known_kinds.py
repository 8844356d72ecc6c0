"""The kind of a conversation, by its id, for what is counted by kind (OP-02)."""

from __future__ import annotations

from functools import lru_cache

from rcim.rules.conversation_kinds import kind_name

KINDS_KEPT = 16_384
known_kind_name = lru_cache(KINDS_KEPT)(kind_name)
"""As `kind_name`. Asked once for each conversation in a batch: finding the kind takes several times as long."""
