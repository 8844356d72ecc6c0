"""The machine of what belongs to the whole app: group types changed at run time (GT-20), users muted everywhere (SC-04),
API keys (ID-08), users who can't log in (ID-09).

What it decides is in force when it is durable, and not before: the change is an effect, which `settle` carries out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec

from rcim.actor.admission import flow_rows
from rcim.actor.api_keys import (
    KEYS_MAX,
    NOTED_MS,
    ApiKey,
    KeyCreated,
    KeyFound,
    KeySaved,
    KeysPage,
    digest_of,
    fits,
    id_of,
)
from rcim.actor.app_config import AppConfig
from rcim.actor.app_state import AppState
from rcim.actor.commands import Command
from rcim.actor.durations import until_ms
from rcim.actor.effects import AppChanged, Notify, Silenced, UserLoggedOut
from rcim.actor.key_commands import CreateKey, ReadKeys, RevokeKey, UseKey
from rcim.actor.outcomes import AnyResult, AttributeNames, Done, Outcome
from rcim.actor.records import AttributeNamesSaved, ListChanged, LoginsBlocked, Record, TypeSaved, UsersMuted
from rcim.actor.user_commands import (
    BlockLogins,
    ChangeList,
    MuteEverywhere,
    ReadAttributeNames,
    ReadBlockedLogins,
    ReadFlow,
    ReadList,
    ReadMuted,
    ReadTypes,
    RemoveType,
    SetAttributeNames,
    SetType,
)
from rcim.actor.user_results import BlockedUsers, Flow, ListAltered, Listed, MutedUsers, TypeRow, Types
from rcim.base.errors import (
    BAD_API_KEY,
    BAD_PARAMETER,
    NO_SUCH_KEY,
    NOT_PERMITTED,
    OVERLOADED,
    TOO_MANY_ENTRIES,
    RcimError,
)
from rcim.base.terms import AppList, MuteScope
from rcim.rules.mutes import mute_name, user_of
from rcim.rules.policies import shown

APP_KEY = "@app"
"""The key of this actor; no conversation id on the wire begins so."""
DONE = Done()
BLOCKED_MAX = 10_000
"""Users who can't log in at a time."""
MUTED_MAX = 10_000
"""Mutes in all chat rooms, in all groups and one to one at a time: the list is in memory and read page by page."""
RETRY_MS = 100
TYPES_PAGE = 12
"""Types in a page: at 2.6 KiB each, with all their fields, they fit the smallest frame that can be set."""


class AppActor:
    """See the module's text; it changes the configuration of the AppState."""

    exists = True

    def __init__(self, app_state: AppState) -> None:
        self._app_state = app_state
        self._changed_at = -1
        """The version of the configuration on which the last change was made: until that is in force another one could
        not be checked."""

    def forgettable(self, idle_ms: int) -> bool:
        """True: all of it is in the store."""
        return True

    def handle(self, command: Command, now_ms: int, position: int) -> Outcome:
        """Carry out one command, as GroupActor.handle."""
        return _HANDLERS[type(command)](self, command, now_ms)

    def _check_free(self) -> None:
        if self._changed_at == self._app_state.config.version:
            raise RcimError(OVERLOADED, "another change of the app's settings is being saved; try again", RETRY_MS)

    def _changes(self, record: Record, result: AnyResult = DONE) -> Outcome:
        self._changed_at = self._app_state.config.version
        return Outcome(result, record, (AppChanged(record),))

    def _set_type(self, command: SetType, now_ms: int) -> Outcome:
        self._check_free()
        self._app_state.config.types.check(command.change)
        return self._changes(TypeSaved(command.change.name, command.change))

    def _remove_type(self, command: RemoveType, now_ms: int) -> Outcome:
        self._check_free()
        types, counts, name = self._app_state.config.types, self._app_state.counts, command.name
        types.check_removal(name)
        if types.is_run_time_only(name):
            if counts.used(name):
                raise RcimError(
                    NOT_PERMITTED, f"{counts.of(name)} groups still have the type {name}; dissolve them first"
                )
            counts.note_going(name)
        return self._changes(TypeSaved(command.name, None))

    def _types(self, command: ReadTypes, now_ms: int) -> Outcome:
        types = self._app_state.config.types
        rows = [policy for policy in types if policy.name > command.cursor]
        page = rows[:TYPES_PAGE]
        found = [
            TypeRow(
                name=policy.name,
                base=policy.base,
                changed=types.is_changed(policy.name),
                groups=self._app_state.counts.of(policy.name),
                policies=[*shown(policy).items()],
            )
            for policy in page
        ]
        return Outcome(Types(found, page[-1].name if len(rows) > len(page) else ""))

    def _flow(self, command: ReadFlow, now_ms: int) -> Outcome:
        """FC-08, since the server's start."""
        figures = sorted(self._app_state.figures.items())
        return Outcome(Flow([policy for name, one in figures for policy in flow_rows(name, one)]))

    def _change_list(self, command: ChangeList, now_ms: int) -> Outcome:
        """SC-05, FC-07. What the settings say is taken off until they are read anew (SC-08)."""
        self._check_free()
        lists, limits = self._app_state.config.lists, self._app_state.config.limits
        words = command.which in (AppList.REFUSED_WORDS, AppList.REPLACED_WORDS)
        if words and command.add:
            ahead = self._app_state.lists_ahead
            known = ahead is not None and ahead.are_of(lists, command.which, command.add, command.remove)
            words_as_seen = ahead.after.words if ahead is not None and known else lists.words
            for word in command.add:
                if not words_as_seen.folded(word).strip():
                    raise RcimError(BAD_PARAMETER, f"{word!r}: holds only characters that the filter ignores")
        most = limits.words_max if words else limits.list_entries_max
        after = lists.added[command.which].keys() - set(command.remove) | set(command.add)
        if len(after) > most:
            raise RcimError(TOO_MANY_ENTRIES, f"the list holds at most {most} entries; remove some first")
        record = ListChanged(command.which, command.add, command.remove)
        return self._changes(record, ListAltered(lists.back_later(command.which, command.remove)))

    def _list(self, command: ReadList, now_ms: int) -> Outcome:
        found = [entry for entry in self._app_state.config.lists.entries(command.which) if entry > command.cursor]
        page = found[: command.limit]
        return Outcome(Listed(page, page[-1] if len(found) > len(page) else ""))

    def _mute(self, command: MuteEverywhere, now_ms: int) -> Outcome:
        self._check_free()
        end = until_ms(command.seconds, now_ms)
        muted = self._app_state.config.muted
        over = {name: 0 for name, until in muted.items() if until <= now_ms}
        if end and len(muted) - len(over) + len(command.users) > MUTED_MAX:
            raise RcimError(TOO_MANY_ENTRIES, f"at most {MUTED_MAX} users")
        names = {user: mute_name(command.where, user) for user in command.users}
        told = [user for user, name in names.items() if (muted.get(name, 0) if name not in over else 0) != end]
        made = self._changes(UsersMuted(over | dict.fromkeys(names.values(), end)))
        if not told or command.where is not MuteScope.CHAT_ROOMS:
            return made
        said = Notify(told, Silenced(end, command.by))  # SC-09
        return msgspec.structs.replace(made, effects=(*made.effects, said))

    def _muted(self, command: ReadMuted, now_ms: int) -> Outcome:
        there = self._app_state.config.muted.items()
        users = ((user_of(command.where, name), until) for name, until in there if until > now_ms)
        found = sorted((user, until) for user, until in users if user > command.cursor)
        if command.user_id:
            found = [row for row in found if row[0] == command.user_id]
        page = found[: command.limit]
        return Outcome(MutedUsers(page, page[-1][0] if len(found) > len(page) else ""))

    def _block(self, command: BlockLogins, now_ms: int) -> Outcome:
        """ID-09. Who is logged in is logged out, once the block is durable."""
        self._check_free()
        end, blocked = until_ms(command.seconds, now_ms), self._app_state.config.blocked
        over = {user: 0 for user, until in blocked.items() if until <= now_ms}
        if end and len(blocked) - len(over) + len(command.users) > BLOCKED_MAX:
            raise RcimError(TOO_MANY_ENTRIES, f"at most {BLOCKED_MAX} users")
        made = self._changes(LoginsBlocked(over | dict.fromkeys(command.users, end)))
        if not end:
            return made
        gone = tuple(UserLoggedOut(user) for user in command.users)
        return msgspec.structs.replace(made, effects=(*made.effects, *gone))

    def _blocked(self, command: ReadBlockedLogins, now_ms: int) -> Outcome:
        found = sorted((u, t) for u, t in self._app_state.config.blocked.items() if t > now_ms and u > command.cursor)
        page = found[: command.limit]
        return Outcome(BlockedUsers(page, page[-1][0] if len(found) > len(page) else ""))

    def _set_attributes(self, command: SetAttributeNames, now_ms: int) -> Outcome:
        """SY-04. The values that users have of an attribute whose name is gone are ignored."""
        self._check_free()
        names = {**self._app_state.config.attribute_names, **command.names}
        names = {number: name for number, name in sorted(names.items()) if name}
        if len(set(names.values())) < len(names):
            raise RcimError(BAD_PARAMETER, "names: two attributes must not have the same name")
        if names == self._app_state.config.attribute_names:
            return Outcome(DONE)
        return self._changes(AttributeNamesSaved(names))

    def _attributes(self, command: ReadAttributeNames, now_ms: int) -> Outcome:
        return Outcome(AttributeNames(dict(self._app_state.config.attribute_names)))

    def _create_key(self, command: CreateKey, now_ms: int) -> Outcome:
        """ID-08. Only the digest of the secret is kept."""
        self._check_free()
        if len(self._app_state.config.api_keys) >= KEYS_MAX:
            raise RcimError(TOO_MANY_ENTRIES, f"at most {KEYS_MAX} API keys; revoke some first")
        if command.expires_ms and command.expires_ms <= now_ms:
            raise RcimError(BAD_PARAMETER, "expires_ms: is over")
        key = ApiKey(
            key_id=id_of(command.secret),
            name=command.name,
            scopes=command.scopes,
            acts_as=command.acts_as,
            created_by=command.by,
            created_ms=now_ms,
            digest=digest_of(command.secret),
            expires_ms=command.expires_ms,
            per_s=command.per_s,
        )
        return self._changes(KeySaved(key.key_id, key), KeyCreated(key.shown(), command.secret))

    def _keys(self, command: ReadKeys, now_ms: int) -> Outcome:
        keys = self._app_state.config.api_keys
        found = [keys[key_id] for key_id in sorted(keys) if key_id > command.cursor]
        page = found[: command.limit]
        return Outcome(KeysPage([key.shown() for key in page], page[-1].key_id if len(found) > len(page) else ""))

    def _revoke_key(self, command: RevokeKey, now_ms: int) -> Outcome:
        self._check_free()
        if command.key_id not in self._app_state.config.api_keys:
            raise RcimError(NO_SUCH_KEY)
        return self._changes(KeySaved(command.key_id, None))

    def _use_key(self, command: UseKey, now_ms: int) -> Outcome:
        """ID-08. When it was used is written down once in NOTED_MS, and not while another change is being saved, which
        may revoke the key. It keeps no change out: nothing is checked against it, and what comes later wins."""
        key = self._app_state.config.api_keys.get(id_of(command.secret))
        if key is None or not fits(key, command.secret):
            raise RcimError(BAD_API_KEY)
        key.check_time(now_ms)
        result = KeyFound(key.shown())
        if now_ms - key.used_ms < NOTED_MS or self._changed_at == self._app_state.config.version:
            return Outcome(result)
        used = KeySaved(key.key_id, msgspec.structs.replace(key, used_ms=now_ms))
        return Outcome(result, used, (AppChanged(used),))


def settle(app_state: AppState, record: Record) -> None:
    """Let what `record` says be in force: it is durable."""
    ahead = app_state.lists_ahead
    if isinstance(record, ListChanged) and ahead is not None:
        lists = app_state.config.lists
        if ahead.are_of(lists, record.which, record.add, record.remove):
            app_state.replace(replace(app_state.config, lists=ahead.after))
            return
    app_state.replace(changed(app_state.config, record))


def changed(config: AppConfig, record: Record) -> AppConfig:
    """The configuration with what `record` says in it; what it does not concern is shared with `config`."""
    if isinstance(record, TypeSaved):
        return replace(config, types=config.types.changed(record.name, record.change))
    if isinstance(record, ListChanged):
        return replace(config, lists=config.lists.changed(record.which, record.add, record.remove))
    if isinstance(record, UsersMuted):
        after = {**config.muted, **record.until_ms}
        return replace(config, muted={user: until for user, until in after.items() if until})
    if isinstance(record, LoginsBlocked):
        after = {**config.blocked, **record.until_ms}
        return replace(config, blocked={user: until for user, until in after.items() if until})
    if isinstance(record, AttributeNamesSaved):
        return replace(config, attribute_names=record.names)
    if isinstance(record, KeySaved):
        keys = {**config.api_keys, record.key_id: record.key}
        return replace(config, api_keys={key_id: key for key_id, key in keys.items() if key is not None})
    return config


_HANDLERS: dict[type, Callable[..., Outcome]] = {
    ReadFlow: AppActor._flow,
    ChangeList: AppActor._change_list,
    ReadList: AppActor._list,
    SetType: AppActor._set_type,
    RemoveType: AppActor._remove_type,
    ReadTypes: AppActor._types,
    MuteEverywhere: AppActor._mute,
    ReadMuted: AppActor._muted,
    BlockLogins: AppActor._block,
    ReadBlockedLogins: AppActor._blocked,
    SetAttributeNames: AppActor._set_attributes,
    ReadAttributeNames: AppActor._attributes,
    CreateKey: AppActor._create_key,
    ReadKeys: AppActor._keys,
    RevokeKey: AppActor._revoke_key,
    UseKey: AppActor._use_key,
}
