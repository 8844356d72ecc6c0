"""Test vectors of how a client follows SEQ (protocol-spec/seq.md, RX-05): what comes in, what it shows and asks for.

The expected values are written by hand; the tests play the cases to a client made from the page alone, and to the SDK.
"""

from __future__ import annotations

from typing import Any

Step = tuple[dict[str, Any], list[int], tuple[int, int] | None]
"""(what comes in, the SEQs shown because of it in order, the range that HISTORY is asked for or None)"""
Case = tuple[str, int, list[Step]]
"""(name, the SEQ that comes next at the beginning, steps)"""

ABOUT = (
    "Each case is one conversation of a client that waits for SEQ `next`. `in` is what comes: `deliver` (a DELIVER with "
    "these SEQs; those in `not_for_you` have this state), `newest` (from RESYNC or HEADS), `history` (the answer to the "
    "last HISTORY: its messages, `first_seq`, `more`), `flagged` (CONVERSATION_FLAGGED with its newest_seq; `discard` "
    "says whether its MsgFlag is DISCARD), `connected` (a new connection, on which nothing was asked yet), `synced` "
    "(SYNC has told the newest SEQ and `unheard`, as pairs of first and last SEQ). `show` is what the user gets to see "
    "then, `ask` the HISTORY that is sent then: its from_seq and to_seq, or null."
)


def seq() -> dict[str, Any]:
    """All of seq.json."""
    return {
        "about": ABOUT,
        "cases": [
            {
                "name": name,
                "next": first,
                "steps": [{"in": what, "show": show, "ask": list(ask) if ask else None} for what, show, ask in steps],
            }
            for name, first, steps in CASES
        ],
    }


def deliver(*seqs: int, not_for_you: list[int] | None = None) -> dict[str, Any]:
    """A DELIVER with these SEQs."""
    return {"deliver": list(seqs), "not_for_you": not_for_you or []}


def newest(seq: int) -> dict[str, Any]:
    """RESYNC or HEADS."""
    return {"newest": seq}


def history(*seqs: int, first_seq: int = 1, more: bool = False) -> dict[str, Any]:
    """The answer to the last HISTORY."""
    return {"history": list(seqs), "first_seq": first_seq, "more": more}


def synced(seq: int, *unheard: tuple[int, int]) -> dict[str, Any]:
    """SYNC_OK with the newest SEQ and the stretches of `unheard`."""
    return {"synced": seq, "unheard": [list(stretch) for stretch in unheard]}


def flagged(seq: int, discard: bool) -> dict[str, Any]:
    """CONVERSATION_FLAGGED."""
    return {"flagged": seq, "discard": discard}


CONNECTED: dict[str, Any] = {"connected": True}

CASES: list[Case] = [
    ("in order", 1, [(deliver(1), [1], None), (deliver(2, 3), [2, 3], None)]),
    ("twice", 4, [(deliver(4), [4], None), (deliver(4), [], None), (deliver(3, 4, 5), [5], None)]),
    (
        "a jump",
        5,
        [(deliver(5), [5], None), (deliver(8, 9), [], (6, 7)), (history(6, 7), [6, 7, 8, 9], None)],
    ),
    (
        "one question at a time",
        1,
        [
            (deliver(3), [], (1, 2)),
            (deliver(6), [], None),
            (newest(9), [], None),
            (history(1, 2), [1, 2, 3], (4, 5)),
            (history(4, 5), [4, 5, 6], (7, 9)),
            (deliver(10), [], None),
            (history(7, 8, 9), [7, 8, 9, 10], None),
        ],
    ),
    (
        "what is asked for comes by DELIVER meanwhile",
        1,
        [(newest(2), [], (1, 2)), (deliver(1, 2, 3), [1, 2, 3], None), (history(1, 2), [], None)],
    ),
    (
        "HEADS or RESYNC says what is known already, and then more",
        3,
        [(newest(2), [], None), (deliver(3), [3], None), (newest(3), [], None), (newest(5), [], (4, 5))],
    ),
    (
        "a page that is not the last",
        1,
        [
            (newest(5), [], (1, 5)),
            (history(1, 2, more=True), [1, 2], (3, 5)),
            (history(3, 4, more=True), [3, 4], (5, 5)),
            (history(5), [5], None),
        ],
    ),
    (
        "what history does not have is not available",
        1,
        [(deliver(6), [], (1, 5)), (history(2, 4), [2, 4, 6], None), (deliver(7), [7], None)],
    ),
    ("history has nothing of it", 1, [(newest(4), [], (1, 4)), (history(), [], None), (deliver(5), [5], None)]),
    (
        "history begins later",
        1,
        [
            (newest(9), [], (1, 9)),
            (history(7, more=True, first_seq=7), [7], (8, 9)),
            (history(8, 9, first_seq=7), [8, 9], None),
        ],
    ),
    (
        "a message for others has its place and is not shown",
        1,
        [(deliver(1, 2, 3, not_for_you=[2]), [1, 3], None), (deliver(4, not_for_you=[4]), [], None)],
    ),
    (
        "a new connection: what was kept aside and asked for is forgotten, and nothing asked before SYNC_OK",
        1,
        [
            (deliver(4), [], (1, 3)),
            (CONNECTED, [], None),
            (deliver(6), [], None),
            (synced(6), [], (1, 5)),
            (history(1, 2, 3, 4, 5), [1, 2, 3, 4, 5, 6], None),
        ],
    ),
    (
        "after a new connection nothing is missing",
        4,
        [(CONNECTED, [], None), (synced(3), [], None), (deliver(4), [4], None)],
    ),
    (
        "a stretch that was not meant to come",
        3,
        [(CONNECTED, [], None), (synced(6, (3, 6)), [], None), (deliver(7), [7], None)],
    ),
    (
        "a stretch in the middle: what is before and after it is asked for, what is in it is passed over",
        1,
        [
            (CONNECTED, [], None),
            (synced(8, (3, 5)), [], (1, 8)),
            (history(1, 2, 3, 4, 5, 6, 7, 8), [1, 2, 6, 7, 8], None),
        ],
    ),
    (
        "a stretch that is open, ended by a flag",
        3,
        [
            (CONNECTED, [], None),
            (synced(5, (3, 0)), [], None),
            (flagged(9, False), [], None),
            (deliver(10), [10], None),
            (deliver(12), [], (11, 11)),
        ],
    ),
    (
        "a stretch that is open, ended by a DELIVER",
        3,
        [(CONNECTED, [], None), (synced(5, (3, 0)), [], None), (deliver(8), [8], None), (deliver(9), [9], None)],
    ),
    (
        "DISCARD and back while connected",
        3,
        [
            (deliver(3), [3], None),
            (flagged(3, True), [], None),
            (newest(6), [], None),
            (flagged(7, False), [], None),
            (deliver(8), [8], None),
        ],
    ),
    (
        "a gap from before DISCARD",
        1,
        [
            (deliver(1), [1], None),
            (flagged(3, True), [], None),
            (newest(5), [], (2, 5)),
            (history(2, 3, 4, 5), [2, 3], None),
        ],
    ),
]
