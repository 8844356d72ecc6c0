"""The session cores without a socket: the state table walked cell by cell, versions, heartbeats, deadlines."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from rcim_tools.examples import EXAMPLES

from rcim.base.errors import TOO_FREQUENT, RcimError
from rcim.base.limits import DEFAULTS
from rcim.base.terms import Platform
from rcim.client.link import decode
from rcim.session.client import ClientSession, ClientState
from rcim.session.server import INPUT_OF, ServerSession
from rcim.session.states import NOT_IN_TABLE, SERVER_TABLE, TAKES_FRAMES, Input, State
from rcim.wire import frames as f
from rcim.wire.header import HEADER
from rcim.wire.schema import FRAMES, Frame
from rcim.wire.stream import StreamSplitter

LOGIN = f.Login("alice", "sig", Platform.WEB, "")
OK = f.LoginOk(1, 2, 65536, 8192, False, "", "")


def said(session: ServerSession | ClientSession) -> list[Frame | RcimError]:
    splitter = StreamSplitter(1 << 20)
    splitter.feed(session.data_to_send())
    found = []
    while (raw := splitter.take()) is not None:
        found.append(decode(raw))
    return found


def reached(state: State) -> ServerSession:
    """A session in `state`."""
    session = ServerSession(DEFAULTS, 0)
    if state is State.HELLO_WAIT:
        return session
    session.receive(f.Hello(1, 1, 0, [], "t").encode(1), 0)
    assert session.next_request(0) is None
    if state is not State.LOGIN_WAIT:
        session.receive(LOGIN.encode(2), 0)
        assert session.next_request(0) == (LOGIN, 2)
    if state in (State.OPEN, State.DRAINING, State.LOGGING_OUT, State.CLOSED):
        session.accept_login(2, OK)
    if state is State.DRAINING:
        session.going_away(f.GoingAway(1, 2, "", 0))
    if state is State.LOGGING_OUT:
        session.receive(f.Logout().encode(3), 0)
        assert session.next_request(0) == (f.Logout(), 3)
    if state is State.CLOSED:
        session.lost()
    session.data_to_send()
    assert session.state is state
    return session


CLIENT_FRAMES = [x for x in EXAMPLES if x.DECLARED.direction != "server"]


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("frame", CLIENT_FRAMES, ids=lambda x: x.NAME)
def test_every_frame_in_every_state(state: State, frame: Frame) -> None:
    session = reached(state)
    session.receive(frame.encode(9), 1)
    found = session.next_request(0)
    if state not in TAKES_FRAMES:
        assert found is None and session.state is state and said(session) == []
        return
    input_ = INPUT_OF.get(type(frame), Input.REQUEST)
    after = SERVER_TABLE.get((state, input_))
    answers = said(session)
    if after is None:
        assert found is None
        assert isinstance(answers[0], RcimError) and answers[0].code is NOT_IN_TABLE[state]
        opened = state in (State.OPEN, State.DRAINING)
        assert session.state is (state if opened else State.CLOSED)
    elif state is State.DRAINING and input_ is Input.REQUEST:
        assert found is None and session.state is state
        assert isinstance(answers[0], RcimError) and answers[0].code.name == "SHUTTING_DOWN"
    else:
        assert session.state is after
        assert (found is not None) == (input_ in (Input.REQUEST, Input.LOGIN, Input.LOGOUT))


@pytest.mark.parametrize("frame", [x for x in EXAMPLES if x.DECLARED.direction == "server"], ids=lambda x: x.NAME)
def test_frames_of_the_server_are_unknown_from_a_client(frame: Frame) -> None:  # WI-02
    session = reached(State.OPEN)
    session.receive(frame.encode(9), 1)
    assert session.next_request(0) is None
    (answer,) = said(session)
    assert isinstance(answer, RcimError) and answer.code.name == "UNKNOWN_FRAME"
    assert session.state is State.OPEN


def test_the_table_reaches_every_state_and_leaves_all_but_one() -> None:
    assert set(SERVER_TABLE.values()) | {State.HELLO_WAIT} == set(State)
    assert {state for state, _ in SERVER_TABLE} == set(State) - {State.CLOSED}
    assert all((state, Input.FATAL) in SERVER_TABLE for state in State if state is not State.CLOSED)


@pytest.mark.parametrize(
    "low, high, agreed", [(1, 1, 1), (0, 1, 1), (1, 9, 1), (0, 0, 0), (2, 9, 0), (0xFFFF, 0xFFFF, 0)]
)
def test_versions(low: int, high: int, agreed: int) -> None:  # WI-02
    session = ServerSession(DEFAULTS, 0)
    session.receive(f.Hello(low, high, 0, ["zstd", "nonsense"], "t").encode(1), 0)
    session.next_request(0)
    (answer,) = said(session)
    if agreed:
        assert isinstance(answer, f.HelloOk) and answer.version == agreed and answer.features == []
    else:
        assert isinstance(answer, RcimError) and answer.code.name == "VERSION_UNSUPPORTED"
        assert session.closed


@pytest.mark.parametrize("wanted, got", [(0, 30_000), (5000, 5000), (1, 1000), (10**6, 300_000)])
def test_heartbeats_are_agreed_on_and_the_silence_follows_them(wanted: int, got: int) -> None:  # WI-05, WI-10
    session = ServerSession(DEFAULTS, 0)
    session.receive(f.Hello(1, 1, wanted, [], "").encode(1), 0)
    session.next_request(0)
    (answer,) = said(session)
    assert isinstance(answer, f.HelloOk) and answer.heartbeat_ms == got
    silence_ms = 2 * got + DEFAULTS.idle_grace_ms
    assert answer.silence_ms_max == silence_ms == DEFAULTS.silence_ms(got)
    session.receive(LOGIN.encode(2), 0)
    session.next_request(0)
    session.accept_login(2, OK)
    session.data_to_send()
    session.on_timer(silence_ms - 1)
    assert not session.closed, "the silence that was agreed on is allowed"
    session.on_timer(silence_ms)
    assert session.closed, "and no longer one"


@pytest.mark.parametrize(
    "state, at, name",
    [
        (State.HELLO_WAIT, DEFAULTS.handshake_ms, "LOGIN_TIMEOUT"),
        (State.LOGIN_WAIT, DEFAULTS.login_ms, "LOGIN_TIMEOUT"),
        (State.LOGIN_CHECK, DEFAULTS.login_ms, "LOGIN_TIMEOUT"),
        (State.OPEN, DEFAULTS.silence_ms_max, "HEARTBEAT_TIMEOUT"),
    ],
)
def test_deadlines(state: State, at: int, name: str) -> None:  # WI-05
    session = reached(state)
    assert session.deadline_ms == at
    session.on_timer(at - 1)
    assert not session.closed
    session.on_timer(at)
    (answer,) = said(session)
    assert isinstance(answer, RcimError) and answer.code.name == name and session.closed


@pytest.mark.parametrize("handshake_ms, login_ms", [(5000, 10_000), (60_000, 100)])
def test_a_deadline_only_moves_to_later_times_before_the_login(handshake_ms: int, login_ms: int) -> None:  # WI-05
    """Whoever waits for the first one misses no other."""
    session = ServerSession(replace(DEFAULTS, handshake_ms=handshake_ms, login_ms=login_ms), 0)
    before = session.deadline_ms
    session.receive(f.Hello(1, 1, 0, [], "t").encode(1), 0)
    assert session.next_request(0) is None and session.state is State.LOGIN_WAIT
    assert before <= session.deadline_ms == login_ms


def test_anything_heard_moves_the_deadline() -> None:
    session = reached(State.OPEN)
    session.receive(f.Ping(1).encode(3), 40_000)
    assert session.deadline_ms == 40_000 + DEFAULTS.silence_ms_max


def test_the_limit_rises_with_the_login() -> None:  # WI-04
    big = HEADER.pack(5000, f.Send.TYPE, 0, 3)
    before = reached(State.LOGIN_WAIT)
    before.receive(big, 0)
    before.next_request(0)
    assert before.closed
    after = reached(State.OPEN)
    after.receive(big, 0)
    assert after.next_request(0) is None and not after.closed


def test_requests_behind_the_login_wait_for_it() -> None:
    session = reached(State.LOGIN_WAIT)
    session.receive(LOGIN.encode(2) + f.Logout().encode(3), 0)
    assert session.next_request(0) == (LOGIN, 2)
    assert session.next_request(0) is None
    session.accept_login(2, OK)
    assert session.next_request(0) == (f.Logout(), 3)


@pytest.mark.parametrize("state", [State.LOGIN_WAIT, State.OPEN])
def test_frames_are_taken_within_a_budget(state: State) -> None:
    session = reached(state)
    session.receive(b"".join(f.Ping(i).encode(i + 5) for i in range(10)), 0)
    for taken in (4, 4, 2):
        session.budget = 4
        assert session.next_request(0) is None
        assert len(said(session)) == taken
    assert session.pending_bytes == 0


def test_a_stopping_server_closes_who_is_not_in_yet() -> None:  # WI-07
    for state in (State.HELLO_WAIT, State.LOGIN_WAIT, State.LOGIN_CHECK):
        session = reached(state)
        session.going_away(f.GoingAway(1, 2, "", 0))
        assert session.closed


# ------------------------------------------------------------------------------------------------ both sides


def talk(client: ClientSession, server: ServerSession, now_ms: int) -> None:
    """Carry bytes both ways until both are quiet; logins are accepted."""
    for _ in itertools.count():
        up, down = client.data_to_send(), server.data_to_send()
        if not up and not down:
            return
        server.receive(up, now_ms) if up else None
        while (found := server.next_request(0)) is not None:
            if isinstance(found[0], f.Login):
                server.accept_login(found[1], OK)
        client.receive(down, now_ms) if down else None
        assert client.next_raw() is None


def test_client_and_server_meet_in_memory() -> None:
    client, server = ClientSession(LOGIN, 0), ServerSession(DEFAULTS, 0)
    talk(client, server, 0)
    assert client.state is ClientState.OPEN and server.state is State.OPEN
    assert client.login_ok == OK and client.hello_ok is not None


def test_heartbeats_keep_both_alive_for_an_hour() -> None:
    client, server = ClientSession(LOGIN, 0), ServerSession(DEFAULTS, 0)
    talk(client, server, 0)
    for now_ms in range(0, 3_600_000, 1000):
        client.on_timer(now_ms)
        server.on_timer(now_ms)
        talk(client, server, now_ms)
    assert client.state is ClientState.OPEN and server.state is State.OPEN


def test_a_client_gives_up_on_a_server_that_is_gone() -> None:
    client, server = ClientSession(LOGIN, 0), ServerSession(DEFAULTS, 0)
    talk(client, server, 0)
    client.on_timer(30_000)
    assert client.data_to_send()
    client.on_timer(59_999)
    assert not client.closed
    client.on_timer(60_000)
    assert client.closed and client.error is not None and client.error.code.name == "HEARTBEAT_TIMEOUT"


def test_a_server_that_is_none_is_no_crash() -> None:
    for junk in (b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(100), b"\xff" * 100, f.Pong(1).encode(5)[:-1] + b""):
        client = ClientSession(LOGIN, 0)
        client.receive(junk, 0)
        client.next_raw()


@pytest.mark.parametrize("cls", FRAMES.values(), ids=lambda c: c.NAME)
def test_a_client_takes_only_its_own_before_login(cls: type[Frame]) -> None:
    client = ClientSession(LOGIN, 0)
    example = next(x for x in EXAMPLES if type(x) is cls)
    client.receive(example.encode(1), 0)
    client.next_raw()
    quiet = ("HELLO_OK", "PING", "PONG")
    assert client.closed == (cls.NAME not in quiet)


@pytest.mark.parametrize(
    "data",
    [
        f.Ping(1).encode(7),
        f.Pong(1).encode(0),
        f.History("g:g", 0, 0, 0, False).encode(7),
        HEADER.pack(8 + 3, f.History.TYPE, 0, 7) + b"bad",
        HEADER.pack(8, 0x7777, 0, 7),
        HEADER.pack(8, f.SendOk.TYPE, 0, 7),
        f.Login("a", "b", Platform.WEB, "").encode(7),
    ],
    ids=["ping", "pong", "request", "bad body", "unknown", "a server's frame", "a second login"],
)
def test_every_frame_of_an_open_session_is_charged_before_it_is_decoded(data: bytes) -> None:  # LI-01
    session = reached(State.OPEN)
    charged: list[int] = []

    def charge(type_: int, body: bytes) -> None:
        charged.append(type_)
        raise RcimError(TOO_FREQUENT, "", 500)

    session.charge = charge
    session.receive(data, 0)
    assert session.next_request(0) is None and not session.pinged
    (refused,) = said(session)
    assert isinstance(refused, RcimError) and refused.code is TOO_FREQUENT and refused.retry_after_ms == 500
    assert len(charged) == 1 and session.state is State.OPEN


def test_frames_before_the_login_are_bounded() -> None:
    session = reached(State.LOGIN_WAIT)
    session.receive(b"".join(f.Ping(i).encode(i + 5) for i in range(100)), 0)
    assert session.next_request(0) is None
    found = said(session)
    assert len(found) == DEFAULTS.frames_before_login_max and session.closed
    assert isinstance(found[-1], RcimError) and found[-1].code is TOO_FREQUENT
