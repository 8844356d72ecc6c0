"""The machine of one user's own state: its profile and account, its black and white list (SC-07), what it has
pinned and removed in its list of conversations (RX-09), and how many groups it is in (entering.py)."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from rcim.actor import push_tokens
from rcim.actor.app_state import AppState
from rcim.actor.commands import Command
from rcim.actor.effects import (
    AccountDeleted,
    Effect,
    Invited,
    LabelsChanged,
    ListEntryChanged,
    Notify,
    OwnSettingChanged,
    PresenceBarred,
    SignaturesInvalidated,
    UserLoggedOut,
    UserProfileChanged,
)
from rcim.actor.entering import OwnGroups
from rcim.actor.events import AnyEvent, EventKind, ProfileChanged, UserListChanged
from rcim.actor.invalidated import no_longer_logged_in
from rcim.actor.inviting import WaitingInvitations
from rcim.actor.outcomes import AsksFirst, Done, Invitations, Outcome
from rcim.actor.snapshots import UserSnapshot
from rcim.actor.user_commands import (
    AdmitToGroup,
    ChangeLabels,
    ChangeUserList,
    ChooseConversation,
    DropInvitation,
    EndAdmission,
    FindInvitation,
    InvalidateUser,
    NoteFirstLogin,
    NotePlace,
    ReadInvitations,
    ReadUser,
    ReadUserList,
    RemovePushToken,
    SendTestPush,
    SetInviteConsent,
    SetPushToken,
    SetQuietHours,
    SetSystemSender,
    SetUserProfile,
    TakeInvitation,
)
from rcim.actor.user_records import (
    ConversationChosen,
    Invitation,
    InvitationsChanged,
    UserListed,
    UserProfile,
    UserSaved,
    UserSeen,
)
from rcim.actor.user_results import Invalidated, Listed, UserFacts, UserImported
from rcim.base.errors import NOT_PERMITTED, TOO_MANY_ENTRIES, RcimError
from rcim.base.terms import InviteConsent, OwnChange, Place, UserList
from rcim.rules.custom_fields import USER_VALUE_BYTES_MAX, written
from rcim.rules.roles import Standing
from rcim.rules.signatures import counts_from
from rcim.rules.system_accounts import is_system_account
from rcim.rules.targets import NO_LABELS

USER_PREFIX = "@:"
"""Keys of users' actors; no conversation id on the wire begins so."""
PINNED_MAX = 100
OF_THE_PROFILE = (SetUserProfile, InvalidateUser, SetQuietHours, SetInviteConsent, SetSystemSender)
"""Commands that keep another profile. That of a system account is kept with its conversation
(store/system_accounts.py)."""


def user_key(user_id: str) -> str:
    """The key of a user's actor."""
    return USER_PREFIX + user_id


def changed_fields(before: UserProfile, after: UserProfile) -> list[str]:
    """The names of the fields of AB-05 that differ; those of custom fields as `fields.KEY`."""
    named = ("nickname", "face_url", "gender", "signature")
    keys = dict.fromkeys((*before.fields, *after.fields))
    changed = [name for name in named if getattr(before, name) != getattr(after, name)]
    return changed + [f"fields.{key}" for key in keys if before.fields.get(key) != after.fields.get(key)]


class UserActor:
    """See the module's text. `app_state` is what all actors share."""

    exists = True

    def __init__(self, snapshot: UserSnapshot, app_state: AppState) -> None:
        self._key = snapshot.key
        self._user_id = snapshot.user_id
        self._profile = snapshot.profile
        self._known = snapshot.known
        self._seen_ms = snapshot.seen_ms
        self._is_old = bool(snapshot.places)
        """SY-03: the user was in a group before it was noted when they were there first."""
        self._app_state = app_state
        self._lists: dict[UserList, set[str]] = {which: set() for which in UserList}
        self._pinned = dict(snapshot.pinned)
        for which, entry in snapshot.lists:
            self._lists[which].add(entry)
        self._invitations = WaitingInvitations(snapshot.invitations, app_state.config.limits.invitations_max)
        self._invalidated = app_state.invalidated
        self._groups = OwnGroups(snapshot.user_id, snapshot.places, self._lists[UserList.BLACK], app_state)

    def forgettable(self, idle_ms: int) -> bool:
        """True: all of it is in the store."""
        return True

    def handle(self, command: Command, now_ms: int, position: int) -> Outcome:
        """Carry out one command, as GroupActor.handle. What the user itself asks on a UserSig that was invalidated before
        it came to be done is refused (ID-09): it must not bring a deleted account back."""
        credential = command.credential
        own = credential is not None and credential.user_id == self._user_id
        if own and self._invalidated.is_void(credential, self._profile.valid_from_ms, self._profile.invalidated_ms):
            raise no_longer_logged_in()
        if isinstance(command, OF_THE_PROFILE) and is_system_account(self._user_id):
            raise RcimError(NOT_PERMITTED, "the account is as its system conversation says")
        before = self._profile
        outcome = _HANDLERS[type(command)](self, command, now_ms)
        if self._app_state.wanted_events:
            return self._with_events(outcome, command, before, now_ms)
        return outcome

    def _with_events(self, outcome: Outcome, command: Command, before: UserProfile, now_ms: int) -> Outcome:
        """The outcome, and that the profile or a list is another one, if somebody wants to know."""
        wanted, events = self._app_state.wanted_events, list[AnyEvent]()
        if EventKind.PROFILE_CHANGED in wanted and any(type(one) is UserProfileChanged for one in outcome.effects):
            what = changed_fields(before, self._profile)
            events.append(ProfileChanged(now_ms, self._user_id, self._profile, command.by, what))
        record = outcome.record
        if EventKind.USER_LIST_CHANGED in wanted and isinstance(record, UserListed):
            lists = record.which, record.add, record.remove
            events.append(UserListChanged(now_ms, self._user_id, *lists, operator=command.by))
        return msgspec.structs.replace(outcome, events=tuple(events)) if events else outcome

    def _set(self, command: SetUserProfile, now_ms: int) -> Outcome:
        """AB-05; ID-09 when it is an import."""
        before = self._profile
        who = Standing.APP_ADMIN if command.admin else Standing.ANYONE
        own = command.by == self._user_id
        rules = self._app_state.config.user_fields
        fields = written(
            rules=rules,
            values=before.fields,
            changes=command.fields,
            who=who,
            bytes_max=USER_VALUE_BYTES_MAX,
            own=own,
        )
        nickname = command.nickname
        if nickname is not None and not command.imported:
            nickname = self._app_state.config.lists.screened("nickname", nickname)  # SC-08
        profile = msgspec.structs.replace(
            before,
            nickname=before.nickname if nickname is None else nickname,
            face_url=before.face_url if command.face_url is None else command.face_url,
            gender=before.gender if command.gender is None else command.gender,
            signature=before.signature if command.signature is None else command.signature,
            fields=fields,
            deleted=False,
        )
        new = not self._known or before.deleted
        result = UserImported(new) if command.imported else Done()
        if profile == before and self._known:
            return Outcome(result)
        changed = UserProfileChanged(self._user_id, profile.nickname, profile.face_url, profile.fields)
        return self._save(result, profile, (changed, self._told(OwnChange.PROFILE)), now_ms)

    def _told(self, what: OwnChange) -> Notify:
        """What tells the user's own devices of a change (ID-05)."""
        return Notify([self._user_id], OwnSettingChanged(what))

    def _invalidate(self, command: InvalidateUser, now_ms: int) -> Outcome:
        """ID-09: every UserSig that was made up to now is refused from now on (rules/signatures.py)."""
        known = self._known and not self._profile.deleted
        wall_ms = max(now_ms, command.wall_ms)
        before_ms = counts_from(self._profile.valid_from_ms, self._profile.invalidated_ms, wall_ms)
        start_ms = max(before_ms, self._app_state.signing.valid_from_ms(wall_ms))
        profile = msgspec.structs.replace(self._profile, valid_from_ms=start_ms, invalidated_ms=now_ms)
        effects: tuple[Effect, ...] = (
            SignaturesInvalidated(self._user_id, start_ms, now_ms),
            UserLoggedOut(self._user_id),
        )
        if command.delete:
            profile = UserProfile(valid_from_ms=start_ms, deleted=True, invalidated_ms=now_ms)
            gone = AccountDeleted(self._user_id)
            self._app_state.entering.withdraw(self._user_id)
            blank = UserProfileChanged(self._user_id, "", ""), LabelsChanged(self._user_id, NO_LABELS)
            effects = (*blank, gone, *effects)
        outcome = self._save(Invalidated(start_ms, known), profile, effects, now_ms)
        if not command.delete:
            return outcome
        self._seen_ms, self._is_old = 0, False
        self._pinned = {}
        emptied = [
            UserListed(key=self._key, user_id=self._user_id, which=which, add=[], remove=sorted(found))
            for which, found in self._lists.items()
            if found
        ]
        for found in self._lists.values():
            found.clear()
        self._invitations.clear()
        return msgspec.structs.replace(outcome, more=tuple(emptied))

    def _set_quiet(self, command: SetQuietHours, now_ms: int) -> Outcome:
        """RX-02. All devices of the user are told (ID-05)."""
        if command.quiet == self._profile.quiet:
            return Outcome(Done())
        profile = msgspec.structs.replace(self._profile, quiet=command.quiet, deleted=False)
        return self._save(Done(), profile, (self._told(OwnChange.QUIET_HOURS),), now_ms)

    def _set_consent(self, command: SetInviteConsent, now_ms: int) -> Outcome:
        """GT-07. All devices of the user are told (ID-05)."""
        if command.consent is self._profile.consent:
            return Outcome(Done())
        profile = msgspec.structs.replace(self._profile, consent=command.consent, deleted=False)
        return self._save(Done(), profile, (self._told(OwnChange.INVITE_CONSENT),), now_ms)

    def _change_labels(self, command: ChangeLabels, now_ms: int) -> Outcome:
        """SY-04. Raises RcimError(TOO_MANY_ENTRIES)."""
        names = frozenset(self._app_state.config.attribute_names.values())
        labels = self._profile.labels.changed(command.change).declared(names)
        if labels == self._profile.labels:
            return Outcome(Done())
        profile = msgspec.structs.replace(self._profile, labels=labels, deleted=False)
        return self._save(Done(), profile, (LabelsChanged(self._user_id, labels),), now_ms)

    def _note_first_login(self, command: NoteFirstLogin, now_ms: int) -> Outcome:
        """SY-03: by one small record, and only once."""
        if self._seen_ms or self._is_old or (self._known and not self._profile.deleted):
            return Outcome(Done())
        self._seen_ms = now_ms
        return Outcome(Done(), UserSeen(self._key, self._user_id, now_ms))

    def _set_sender(self, command: SetSystemSender, now_ms: int) -> Outcome:
        """SY-06. Who is logged in with the account is logged out."""
        if command.on == self._profile.system_sender:
            return Outcome(Done())
        profile = msgspec.structs.replace(self._profile, system_sender=command.on, deleted=False)
        return self._save(Done(), profile, (UserLoggedOut(self._user_id),) if command.on else (), now_ms)

    def _read(self, command: ReadUser, now_ms: int) -> Outcome:
        return Outcome(UserFacts(self._profile))

    def _change_list(self, command: ChangeUserList, now_ms: int) -> Outcome:
        """SC-07: all of it or nothing. What is so already is passed over."""
        there = self._lists[command.which]
        added = [user for user in dict.fromkeys(command.add) if user not in there]
        removed = [user for user in dict.fromkeys(command.remove) if user in there]
        most = self._app_state.config.limits.user_list_max
        if len(there) + len(added) - len(removed) > most:
            raise RcimError(TOO_MANY_ENTRIES, f"a list holds at most {most} users; remove some first")
        if not added and not removed:
            return Outcome(Done())
        there.difference_update(removed)
        there.update(added)
        effects: list[Effect] = []
        if command.which is UserList.BLACK and added:
            self._app_state.entering.withdraw(self._user_id, set(added))
            effects.append(PresenceBarred(self._user_id, added))
        effects.append(self._told(OwnChange.BLACK_LIST if command.which is UserList.BLACK else OwnChange.WHITE_LIST))
        record = UserListed(key=self._key, user_id=self._user_id, which=command.which, add=added, remove=removed)
        return Outcome(Done(), record, tuple(effects))

    def _choose(self, command: ChooseConversation, now_ms: int) -> Outcome:
        """RX-09. All connections of the user are told (ID-05)."""
        key = command.conversation
        pinned_ms = 0 if command.removed or command.pinned is False else self._pinned.get(key, 0)
        if command.pinned:
            pinned_ms = self._pinned.get(key) or now_ms
            if key not in self._pinned and len(self._pinned) >= PINNED_MAX:
                raise RcimError(
                    TOO_MANY_ENTRIES, f"at most {PINNED_MAX} conversations can be pinned; unpin one first"
                )
        if not pinned_ms and key not in self._pinned and not command.removed:
            return Outcome(Done())
        self._pinned.pop(key, None)
        if pinned_ms:
            self._pinned[key] = pinned_ms
        removed = bool(command.removed)
        said = Notify([self._user_id], ListEntryChanged(key, pinned_ms, removed))
        return Outcome(
            Done(),
            ConversationChosen(
                key=self._key, user_id=self._user_id, conversation=key, pinned_ms=pinned_ms, removed=removed
            ),
            (said,),
        )

    def _read_list(self, command: ReadUserList, now_ms: int) -> Outcome:
        """SC-07: a page, by user id."""
        wanted = sorted(user for user in self._lists[command.which] if user > command.cursor)
        page = wanted[: command.limit]
        return Outcome(Listed(page, page[-1] if len(wanted) > len(page) else ""))

    def _admit(self, command: AdmitToGroup, now_ms: int) -> Outcome:
        own = self._profile.consent
        asks_first = (
            self._app_state.config.invite_consent if own is InviteConsent.AS_APP else own is InviteConsent.ASK
        )
        if self._groups.admit(command, asks_first):
            return Outcome(Done())
        self._invitations.check_room(command.key)
        return Outcome(AsksFirst())

    def _take_invitation(self, command: TakeInvitation, now_ms: int) -> Outcome:
        """GT-07. The user is told each time that it is invited."""
        if self._groups.has(command.key):
            return Outcome(Done())
        self._groups.check_lets_add(command.by, command.admin)
        invitation = Invitation(command.key, command.by, command.name, now_ms)
        self._invitations.put(invitation)
        told = Notify([self._user_id], Invited(invitation))
        return Outcome(Done(), InvitationsChanged(self._key, self._user_id, [invitation], []), (told,))

    def _find_invitation(self, command: FindInvitation, now_ms: int) -> Outcome:
        return Outcome(Invitations([self._invitations.find(command.key)]))

    def _drop_invitation(self, command: DropInvitation, now_ms: int) -> Outcome:
        """All devices of the user are told (ID-05)."""
        self._invitations.find(command.key)
        self._invitations.drop(command.key)
        told = self._told(OwnChange.INVITATIONS)
        return Outcome(Done(), InvitationsChanged(self._key, self._user_id, [], [command.key]), (told,))

    def _read_invitations(self, command: ReadInvitations, now_ms: int) -> Outcome:
        return Outcome(Invitations(*self._invitations.page(command.cursor, command.limit)))

    def _end_admission(self, command: EndAdmission, now_ms: int) -> Outcome:
        self._app_state.entering.end(self._user_id, command.number)
        return Outcome(Done())

    def _note_place(self, command: NotePlace, now_ms: int) -> Outcome:
        self._groups.note(command.key, command.place)
        if command.place is not Place.OUTSIDE:
            self._invitations.drop(command.key)  # the store has done so with the entering
        return Outcome(Done())

    def _set_push_token(self, command: SetPushToken, now_ms: int) -> Outcome:
        return push_tokens.set_token(self._key, self._user_id, command, now_ms, self._app_state.config)

    def _remove_push_token(self, command: RemovePushToken, now_ms: int) -> Outcome:
        return push_tokens.remove_token(self._key, self._user_id, command)

    def _send_test_push(self, command: SendTestPush, now_ms: int) -> Outcome:
        return push_tokens.send_test(self._user_id, command, now_ms, self._app_state)

    def _save(
        self,
        result: Done | Invalidated | UserImported,
        profile: UserProfile,
        effects: tuple[Effect, ...],
        now_ms: int,
    ) -> Outcome:
        if not profile.deleted and (not self._known or self._profile.deleted):
            created_ms = self._seen_ms or (0 if self._is_old else now_ms)  # SY-03
            profile = msgspec.structs.replace(profile, created_ms=created_ms)
        self._profile = profile
        self._known = True
        return Outcome(result, UserSaved(self._key, self._user_id, profile), effects)


_HANDLERS: dict[type, Callable[..., Outcome]] = {
    SetUserProfile: UserActor._set,
    InvalidateUser: UserActor._invalidate,
    ReadUser: UserActor._read,
    SetQuietHours: UserActor._set_quiet,
    SetInviteConsent: UserActor._set_consent,
    SetSystemSender: UserActor._set_sender,
    ChangeUserList: UserActor._change_list,
    ReadUserList: UserActor._read_list,
    ChooseConversation: UserActor._choose,
    AdmitToGroup: UserActor._admit,
    EndAdmission: UserActor._end_admission,
    NotePlace: UserActor._note_place,
    TakeInvitation: UserActor._take_invitation,
    FindInvitation: UserActor._find_invitation,
    DropInvitation: UserActor._drop_invitation,
    ReadInvitations: UserActor._read_invitations,
    ChangeLabels: UserActor._change_labels,
    NoteFirstLogin: UserActor._note_first_login,
    SetPushToken: UserActor._set_push_token,
    RemovePushToken: UserActor._remove_push_token,
    SendTestPush: UserActor._send_test_push,
}
