"""Files of JSON lines for `group import` and `user import` (GR-08, ID-09): checked as a whole, then sent in batches.

A file is read twice: everything that can be seen to be wrong without a server is said, with its line, before anything is
sent. What the server refuses names the lines of the batch, or the one line if the server says which.
"""

from __future__ import annotations

import re
import sys
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from rcim_tools.admin.calls import USAGE, fail
from rcim_tools.admin.output import Row

from rcim.base.errors import RcimError
from rcim.base.ids import check_user_id
from rcim.base.terms import AddResult, ApplyJoinOption, Priority, Role
from rcim.client import Client
from rcim.content import elements
from rcim.wire import frames
from rcim.wire.schema import Struct

MEMBERS_AT_ONCE = 300
MESSAGES_AT_ONCE = 100
ACCOUNTS_AT_ONCE = 100
HEAD_BYTES = 512
"""Of a frame, for what is in it beside the rows."""

U32 = Annotated[int, msgspec.Meta(ge=0, le=(1 << 32) - 1)]
TimeMs = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]


class _Line(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of what a line may hold: names and values as `--json` shows them."""


class Group(_Line):
    """The group: the first line."""

    name: str
    group_id: str = ""
    type: str = "Public"
    owner: str = ""
    introduction: str = ""
    notification: str = ""
    face_url: str = ""
    apply_join_option: Literal["BY_TYPE", "FREE_ACCESS", "NEED_PERMISSION", "DISABLE_APPLY"] = "BY_TYPE"
    create_time_ms: TimeMs = 0
    max_member_num: U32 = 0
    fields: dict[str, str] = {}
    creator: str = ""
    attributes: dict[str, object] = {}


class Member(_Line):
    """A member; the owner is one already."""

    user_id: str
    role: Literal["MEMBER", "ADMIN"] = "MEMBER"
    join_time_ms: TimeMs = 0
    unread: U32 = 0


class TextElement(_Line, tag_field="element", tag="Text"):
    """Text."""

    text: str


class CustomElement(_Line, tag_field="element", tag="Custom"):
    """The app's own data: `data` is text, `data_hex` other bytes."""

    data: str = ""
    data_hex: str = ""
    description: str = ""
    extension: str = ""


class BytesElement(_Line, tag_field="element", tag="Bytes"):
    """Bytes with the app's own type name."""

    type_name: str
    data: str = ""
    data_hex: str = ""


class Message(_Line):
    """A message: `text`, or `elements`."""

    sender: str
    time_ms: TimeMs
    text: str | None = None
    elements: list[TextElement | CustomElement | BytesElement] | None = None
    priority: Literal["HIGH", "NORMAL", "LOW", "LOWEST"] = "NORMAL"
    client_msg_id: str = ""


class GroupLine(_Line):
    """One of the three."""

    group: Group | None = None
    member: Member | None = None
    message: Message | None = None


class AccountLine(_Line):
    """An account."""

    user_id: str
    nickname: str = ""
    face_url: str = ""


class Lines:
    """The lines of a file, or of standard input, as `kind`, with their numbers; as often as wanted."""

    def __init__(self, file: str, kind: type[Any]) -> None:
        self.name = "standard input" if file == "-" else file
        self._decoder = msgspec.json.Decoder(kind)
        self._file = file
        self._kept = list(sys.stdin.buffer) if file == "-" else None

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        try:
            if self._kept is not None:
                yield from self._read(self._kept)
            else:
                with open(self._file, "rb") as lines:
                    yield from self._read(lines)
        except OSError as error:
            raise fail(f"{self.name}: {error.strerror}", USAGE) from None

    def _read(self, lines: Iterable[bytes]) -> Iterator[tuple[int, Any]]:
        for number, given in enumerate(lines, 1):
            line = given.removeprefix(BOM_UTF8) if number == 1 else given
            if line.strip():
                try:
                    found = self._decoder.decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise self.wrong(number, str(error)) from None
                yield number, found

    def wrong(self, number: int, text: str) -> Exception:
        """Say what is wrong with a line; raise what comes back."""
        return fail(f"{self.name}:{number}: {text}", USAGE)

    def measured(self, number: int, row: Struct) -> int:
        """The bytes of a row in a frame; ends with what is out of its bounds."""
        try:
            check_user_id(row.sender if isinstance(row, frames.ImportedMessage) else getattr(row, "user_id"))  # noqa: B009
            return len(type(row).encode_struct(row))
        except RcimError as error:
            raise self.wrong(number, error.detail) from None


@dataclass(frozen=True)
class Batch:
    """Rows that go into one frame, and the lines they are from."""

    rows: list[Any]
    lines: list[int]

    def where(self, error: RcimError) -> RcimError:
        """`error` with the lines that it is about."""
        at = re.match(r"[a-z]+\[([0-9]+)\]", error.detail)
        index = int(at[1]) if at else len(self.lines)
        if index < len(self.lines):
            place = f"line {self.lines[index]}"
        else:
            place = f"lines {self.lines[0]} to {self.lines[-1]}" if len(self.lines) > 1 else f"line {self.lines[0]}"
        return RcimError(error.code, f"{place}: {error.detail}", error.retry_after_ms)


def batches(rows: Iterable[tuple[int, Any, int]], most: Mapping[Any, int], bytes_max: int) -> Iterator[Batch]:
    """(line, row, its bytes) in batches: of one kind, in their order, as many as `most` says and a frame holds."""
    batch = Batch([], [])
    size = 0
    for line, row, row_bytes in rows:
        full = len(batch.rows) >= most[type(row)] or size + row_bytes > bytes_max - HEAD_BYTES
        if batch.rows and (full or type(row) is not type(batch.rows[0])):
            yield batch
            batch, size = Batch([], []), 0
        batch.rows.append(row)
        batch.lines.append(line)
        size += row_bytes
    if batch.rows:
        yield batch


def _room(client: Client) -> int:
    assert client.login_ok is not None
    return client.login_ok.frame_bytes_max


# ------------------------------------------------------------------------------------------------ accounts


class Accounts:
    """A file of accounts that has been checked."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines

    def rows(self) -> Iterator[tuple[int, frames.Account, int]]:
        """What is sent of each line."""
        for number, found in self.lines:
            row = frames.Account(found.user_id, found.nickname, found.face_url)
            yield number, row, self.lines.measured(number, row)

    async def send(self, client: Client) -> dict[str, AddResult]:
        """Import all; what became of each."""
        results: dict[str, AddResult] = {}
        for batch in batches(self.rows(), {frames.Account: ACCOUNTS_AT_ONCE}, _room(client)):
            try:
                results |= await client.import_accounts(batch.rows)
            except RcimError as error:
                raise batch.where(error) from None
        return results


def check_accounts(file: str) -> Accounts:
    """The file, read to its end. Raises typer.Exit."""
    found = Accounts(Lines(file, AccountLine))
    if not sum(1 for _ in found.rows()):
        raise fail(f"{found.lines.name}: there is nothing in it", USAGE)
    return found


# ------------------------------------------------------------------------------------------------ a group


class ImportedGroup:
    """A file of a group that has been checked."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines

    def rows(self) -> Iterator[tuple[int, Any, int]]:
        """What is sent of each line: a Group first, then members and messages as frames have them."""
        first = True
        for number, found in self.lines:
            kinds = [name for name in ("group", "member", "message") if getattr(found, name) is not None]
            if len(kinds) != 1:
                raise self.lines.wrong(number, "has to hold one of group, member, message")
            if first != (found.group is not None):
                text = "the first line has to be the group" if first else "there is a group already"
                raise self.lines.wrong(number, text)
            first = False
            if found.group is not None:
                yield number, found.group, 0
                continue
            row = self._message(number, found.message) if found.message is not None else _member(found.member)
            yield number, row, self.lines.measured(number, row)
        if first:
            raise fail(f"{self.lines.name}: there is nothing in it", USAGE)

    def _message(self, number: int, found: Message) -> frames.ImportedMessage:
        if (found.text is None) == (found.elements is None):
            raise self.lines.wrong(number, "a message has either text or elements")
        try:
            parts = [elements.Text(found.text)] if found.text is not None else map(_element, found.elements or ())
            body = elements.encode_body(list(parts))
        except RcimError as error:
            raise self.lines.wrong(number, error.detail) from None
        except ValueError as error:
            raise self.lines.wrong(number, f"data_hex: {error}") from None
        made = found.client_msg_id or f"import-{number}"
        return frames.ImportedMessage(found.sender, found.time_ms, Priority[found.priority], made, body)

    async def send(self, client: Client) -> Row:
        """Import all and open the group; how much it was. What the server refuses says the lines."""
        rows = self.rows()
        number, group, _ = next(rows)
        try:
            group_id = await _begin(client, group)
        except RcimError as error:
            raise Batch([group], [number]).where(error) from None
        counts = {"members": 0, "messages": 0}
        most = {frames.ImportedMember: MEMBERS_AT_ONCE, frames.ImportedMessage: MESSAGES_AT_ONCE}
        for batch in batches(rows, most, _room(client)):
            try:
                if isinstance(batch.rows[0], frames.ImportedMember):
                    results = await client.import_members(group_id, batch.rows)
                    counts["members"] += sum(result is AddResult.ADDED for result in results.values())
                else:
                    await client.import_messages(group_id, batch.rows)
                    counts["messages"] += len(batch.rows)
            except RcimError as error:
                told = batch.where(error)
                hint = f"{told.detail} (the group {group_id} stays closed: dissolve it before you try again)"
                raise RcimError(told.code, hint) from None
        await client.finish_import(group_id)
        return {"group_id": group_id, **counts}


async def _begin(client: Client, group: Group) -> str:
    return await client.import_group(
        group.name,
        group_id=group.group_id,
        type_=group.type,
        owner=group.owner,
        introduction=group.introduction,
        notification=group.notification,
        face_url=group.face_url,
        apply_join_option=ApplyJoinOption[group.apply_join_option],
        create_time_ms=group.create_time_ms,
        max_member_num=group.max_member_num,
        creator=group.creator,
        attributes=group.attributes,
        fields={key: value.encode() for key, value in group.fields.items()},
    )


def _member(found: Member) -> frames.ImportedMember:
    return frames.ImportedMember(found.user_id, Role[found.role], found.join_time_ms, found.unread)


def _element(found: TextElement | CustomElement | BytesElement) -> elements.Element:
    """Raises ValueError for hex that is none."""
    if isinstance(found, TextElement):
        return elements.Text(found.text)
    data = bytes.fromhex(found.data_hex) or found.data.encode()
    if isinstance(found, CustomElement):
        return elements.Custom(data, found.description, found.extension)
    return elements.TypedBytes(found.type_name, data)


def check_group(file: str) -> ImportedGroup:
    """The file, read to its end. Raises typer.Exit."""
    found = ImportedGroup(Lines(file, GroupLine))
    for _ in found.rows():
        pass
    return found
