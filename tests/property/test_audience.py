"""The fan-out's bookkeeping: whoever comes and goes and whenever a round falls, everyone gets what came after it came in,
once, in order, and nothing after it went (RX-07, GT-14)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rcim.actor.records import Message
from rcim.adapters.frames.answers.messages import to_wire
from rcim.adapters.frames.codec import CODEC
from rcim.base.limits import DEFAULTS, Limits
from rcim.base.terms import Priority
from rcim.connect.audience import STEM_RESERVE, Audience
from rcim.dispatch.requests import Delivery
from rcim.wire import frames
from rcim.wire.header import HEADER_BYTES
from rcim.wire.rows import encoded_row, frame_of_rows, stem_of

KEY = "g:room"


def pack(message: Message) -> Delivery:
    return Delivery(message, message.priority)


def message(seq: int, size: int = 20, priority: int = Priority.NORMAL) -> Message:
    return Message(seq, 1000 + seq, seq, Priority(priority), "alice", "", "", "", f"c{seq}", bytes(size))


steps = st.lists(
    st.one_of(
        st.tuples(st.just("in"), st.integers(0, 7)),
        st.tuples(st.just("out"), st.integers(0, 7)),
        st.tuples(st.just("put"), st.integers(1, 5)),
        st.tuples(st.just("visit"), st.integers(0, 7)),
        st.tuples(st.just("trim"), st.just(0)),
    ),
    max_size=120,
)


@settings(max_examples=300)
@given(steps=steps, size=st.sampled_from([20, 3000, 8000]))
def test_everyone_gets_what_came_after_it_came(steps: list[tuple[str, int]], size: int) -> None:
    audience = Audience(KEY, DEFAULTS)
    newest = 0
    since: dict[int, int] = {}
    got: dict[int, list[int]] = {}

    def visit(who: int) -> None:
        number = audience.members[who]
        if number == audience.next:
            return
        found = audience.visit(number, CODEC)
        assert len(found.data) <= DEFAULTS.frame_bytes_max
        rows = frames.Deliver.decode(found.data[HEADER_BYTES:]).messages
        assert (found.first_seq, found.last_seq) == (rows[0].seq, rows[-1].seq)
        assert found.end - number == len(rows)
        got[who] += [row.seq for row in rows]
        audience.members[who] = found.end

    for what, n in steps:
        if what == "in" and n not in audience.members:
            audience.add(n)
            since[n], got[n] = newest, []
        elif what == "out" and n in audience.members:
            assert got[n] == list(range(since[n] + 1, since[n] + 1 + len(got[n])))
            audience.remove(n)
        elif what == "put" and audience.members:
            audience.put([pack(message(seq, size)) for seq in range(newest + 1, newest + 1 + n)])
            newest += n
        elif what == "visit" and n in audience.members:
            visit(n)
        elif what == "trim":
            audience.trim()
            assert audience.waiting == audience.kept
    for who in audience.members:
        while audience.members[who] < audience.next:
            visit(who)
        assert got[who] == list(range(since[who] + 1, newest + 1))
    audience.trim()
    assert audience.kept == audience.waiting == 0


def test_coming_twice_loses_nothing() -> None:
    audience = Audience(KEY, DEFAULTS)
    audience.add("a")
    audience.put([pack(message(1))])
    audience.add("a")
    assert audience.visit(audience.members["a"], CODEC).first_seq == 1


def test_what_a_visit_can_not_carry_is_a_backlog() -> None:
    limits = Limits(frame_bytes_max=32768)
    audience = Audience(KEY, limits)
    audience.add("a")
    audience.put([pack(message(seq, 17000)) for seq in (1, 2, 3)])
    first = audience.visit(0, CODEC)
    assert (first.first_seq, first.last_seq, audience.backlog) == (1, 1, True)
    assert len(first.data) <= limits.frame_bytes_max
    audience.backlog = False
    audience.visit(2, CODEC)
    assert not audience.backlog


def test_the_highest_priority_of_a_visit_counts() -> None:
    audience = Audience(KEY, DEFAULTS)
    audience.add("a")
    audience.put([pack(message(1, priority=Priority.LOW)), pack(message(2, priority=Priority.HIGH))])
    assert audience.visit(0, CODEC).priority == Priority.HIGH
    assert audience.visit(1, CODEC).priority == Priority.HIGH


@given(seqs=st.lists(st.integers(1, 2**60), max_size=20), size=st.integers(0, 500))
def test_a_frame_of_rows_is_the_frame(seqs: list[int], size: int) -> None:  # WI-08
    messages = [to_wire(message(seq, size)) for seq in seqs]
    made = frame_of_rows(frames.Deliver.TYPE, CODEC.stem(KEY), [encoded_row(m) for m in messages])
    assert made == frames.Deliver(KEY, messages).encode()


def test_a_stem_ends_with_an_empty_list() -> None:
    import pytest

    with pytest.raises(ValueError, match="no empty list"):
        stem_of(frames.GroupInfo("g"))


def test_the_reserve_holds_the_longest_head() -> None:
    longest = "g:" + "x" * 48
    assert len(frame_of_rows(frames.Deliver.TYPE, CODEC.stem(longest), [])) < STEM_RESERVE
