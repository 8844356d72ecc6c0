"""What an operator sees of a conversation's actor, without a command: it changes nothing and asks nobody (OP-02)."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from rcim.actor.state import GroupState

SENDERS_MAX = 20
"""Users named as the ones who sent most."""
LOOKED_AT_MAX = 5_000
"""Messages looked at to find them: 1 ms."""


class ConversationFigures(NamedTuple):
    """See HotRow (store/live_answers.py)."""

    type: str
    members: int
    seq: int
    offered: int
    withheld: int
    last_msg_time_ms: int


def figures(state: GroupState) -> ConversationFigures:
    """Of the conversation; 5 µs."""
    profile = state.attributes.profile
    return ConversationFigures(
        type=profile.type if profile is not None else "",
        members=state.roster.count,
        seq=state.timeline.newest,
        offered=offered(state),
        withheld=withheld(state),
        last_msg_time_ms=state.timeline.last_msg_time_ms,
    )


def offered(state: GroupState) -> int:
    """Messages offered to frequency control since it is in memory (FC-08)."""
    return sum(state.timeline.admission.figures.offered)


def withheld(state: GroupState) -> int:
    """Those of them that were held back."""
    of = state.timeline.admission.figures
    return sum(of.held_by_total) + sum(of.held_by_priority)


def senders(state: GroupState, since_ms: int) -> tuple[list[tuple[str, int]], bool]:
    """Who sent most since then, with how many messages, at most SENDERS_MAX; and whether all messages since then were
    looked at. Of what is remembered for MS-02, so also where messages are not stored."""
    found: Counter[str] = Counter()
    complete = True
    for at, (sender, time_ms) in enumerate(state.timeline.recent.newest_first()):
        if time_ms < since_ms:
            break
        if at >= LOOKED_AT_MAX:
            complete = False
            break
        found[sender] += 1
    return found.most_common(SENDERS_MAX), complete
