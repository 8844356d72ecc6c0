"""The push tokens of users in the store (PU-03).

1. A device has one token for each provider, and a token belongs to one device of one user: the one that was registered
   last, in the order of commits. Registering takes it away from whoever had it, in the same commit, so there is no moment
   in which two users have it, whatever crashes.
2. `push_owners` says whose a token is, in capitals or not. A row of `push_tokens` that it does not confirm counts for
   nothing.
3. A user has tokens of DEVICES_MAX devices; beyond that the device that registered longest ago loses its own.
4. When UserSigs of a user are invalidated, or the account is deleted, the tokens of before go (ID-09).
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from rcim.actor.push_records import PushToken, PushTokenRemoved, PushTokenSaved
from rcim.actor.user_records import UserProfile
from rcim.store import keys
from rcim.store.backend import DamagedError, ReadView, WriteView
from rcim.store.push_answers import PushTokensPage
from rcim.store.values import pack, unpack

DEVICES_MAX = 20
"""More than anybody carries: what is beyond it are phones of before."""
DIGEST_BYTES = 16
ROW_OVERHEAD = 400
"""What a row of an answer has in a frame, besides its token."""


def _row(user_id: str, device_id: str, provider: str) -> bytes:
    return user_id.encode() + keys.SEP + device_id.encode() + keys.SEP + provider.encode()


def _owner_row(token: PushToken) -> bytes:
    """Hexadecimal tokens mean the same in capitals, and no service has two tokens that differ in them alone: with another
    spelling of a token two users would have one phone."""
    digest = blake2b(token.token.casefold().encode(), digest_size=DIGEST_BYTES).hexdigest()
    return token.provider.encode() + keys.SEP + digest.encode()


def rows_of(view: ReadView, user_id: str) -> Iterator[tuple[bytes, PushToken]]:
    """The rows of a user's tokens; a damaged one is left out."""
    for row, data in view.scan("push_tokens", user_id.encode() + keys.SEP, user_id.encode() + keys.AFTER_SEP):
        try:
            yield row, unpack(data, PushToken)
        except DamagedError:  # the device registers again at the next start of its app
            continue


def tokens_of(view: ReadView, user_id: str) -> list[PushToken]:
    """The tokens that are the user's, by device."""
    return [token for _, token in rows_of(view, user_id) if is_owner(view, user_id, token)]


def is_owner(view: ReadView, user_id: str, token: PushToken) -> bool:
    """Rule 2: the token is the user's."""
    return view.get("push_owners", _owner_row(token)) == keys.pair(user_id, token.device_id)


def tokens_page(view: ReadView, user_id: str, page_bytes: int) -> PushTokensPage:
    """The tokens that are the user's, as many as have room."""
    found: list[PushToken] = []
    for token in tokens_of(view, user_id):
        page_bytes -= len(token.token.encode()) + ROW_OVERHEAD
        if page_bytes < 0:
            break
        found.append(token)
    return PushTokensPage(found)


def save(view: WriteView, stamp: int, record: PushTokenSaved) -> None:
    """Apply PushTokenSaved: rules 1 to 3."""
    user_id, token = record.user_id, record.token
    row = _row(user_id, token.device_id, token.provider)
    for there, before in list(rows_of(view, user_id)):
        if there == row and before.token != token.token:
            _drop(view, user_id, there, before)
    owner_row = _owner_row(token)
    owner = view.get("push_owners", owner_row)
    if owner is not None and owner != keys.pair(user_id, token.device_id):
        _take_from(view, owner, token)
    view.put("push_tokens", row, pack(token))
    view.put("push_owners", owner_row, keys.pair(user_id, token.device_id))
    view.put("push_users", keys.pair(token.provider, user_id), b"")
    _bound_devices(view, user_id)


def put_back(view: WriteView, user_id: str, token: PushToken) -> None:
    """The token is the user's, as an export says, in a store that nobody uses. Raises ValueError if it is another's."""
    owner_row, owner = _owner_row(token), keys.pair(user_id, token.device_id)
    if view.get("push_owners", owner_row) not in (None, owner):
        raise ValueError("the push token is another user's or device's")
    view.put("push_owners", owner_row, owner)
    view.put("push_users", keys.pair(token.provider, user_id), b"")


def _take_from(view: WriteView, owner: bytes, token: PushToken) -> None:
    """`owner`, a user and a device, has had this token."""
    user, _, device = owner.partition(keys.SEP)
    user_id = user.decode()
    row = _row(user_id, device.decode(), token.provider)
    view.delete("push_tokens", row)
    _note_users(view, user_id, token.provider)


def _bound_devices(view: WriteView, user_id: str) -> None:
    newest: dict[str, int] = {}
    rows = list(rows_of(view, user_id))
    for _, token in rows:
        newest[token.device_id] = max(token.time_ms, newest.get(token.device_id, 0))
    gone = sorted(newest, key=lambda device: (newest[device], device))[: max(0, len(newest) - DEVICES_MAX)]
    for row, token in rows:
        if token.device_id in gone:
            _drop(view, user_id, row, token)


def remove(view: WriteView, stamp: int, record: PushTokenRemoved) -> None:
    """Apply PushTokenRemoved."""
    for row, token in list(rows_of(view, record.user_id)):
        if record.device_id not in ("", token.device_id) or record.provider not in ("", token.provider):
            continue
        if record.token and (record.token, record.time_ms) != (token.token, token.time_ms):
            continue
        _drop(view, record.user_id, row, token)


def forget(view: WriteView, user_id: str, profile: UserProfile) -> None:
    """Rule 4, of a user whose profile is this from now on."""
    for row, token in list(rows_of(view, user_id)):
        if profile.deleted or token.time_ms <= profile.invalidated_ms:
            _drop(view, user_id, row, token)


def _drop(view: WriteView, user_id: str, row: bytes, token: PushToken) -> None:
    if is_owner(view, user_id, token):
        view.delete("push_owners", _owner_row(token))
    view.delete("push_tokens", row)
    _note_users(view, user_id, token.provider)


def _note_users(view: WriteView, user_id: str, provider: str) -> None:
    """The user is one with tokens at the provider, or not."""
    if not any(token.provider == provider for _, token in rows_of(view, user_id)):
        view.delete("push_users", keys.pair(provider, user_id))
