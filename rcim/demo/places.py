"""The conversations in which `rcim demo kinds` tries things: how clients make, enter and write to each kind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rcim.base.terms import ApplyJoinOption, JoinStatus
from rcim.client import BROADCASTS, ApplicationEvent, Client, DecisionEvent, User, Where
from rcim.client.model import conversation_of
from rcim.demo.trying import APP_ADMIN, DONE, MEMBER, OWNER, STRANGER, Person, Result, refusal
from rcim.rules.conversation_kinds import BY_NAME, PAIR, ConversationKind
from rcim.rules.group_types import GroupType
from rcim.rules.roles import Standing


@dataclass
class Place(ABC):
    """A conversation of one kind in which everything is tried. `standing` is what people are to it by now.

    `client_of` makes a client of a user that is not connected yet; `away` is a member who is offline between trials.
    """

    title: str
    row: GroupType
    people: Mapping[str, Person]
    client_of: Callable[[str], Client]
    id: str = ""
    """Its group id; empty where there is none, and before it is made."""
    standing: dict[str, Standing] = field(default_factory=lambda: {APP_ADMIN: Standing.APP_ADMIN})

    def __post_init__(self) -> None:
        self.away = f"away-{self.title.replace(' ', '-')}"
        self.administrator = self.client(APP_ADMIN)

    @property
    def kind(self) -> ConversationKind:
        """Its row in the table of kinds."""
        return BY_NAME[self.row.kind]

    @property
    def maker(self) -> str:
        """Who makes one, and ends it: a user, or the app where it has no owner."""
        return OWNER if self.row.has_owner else APP_ADMIN

    def client(self, who: str) -> Client:
        """The client of one of the people."""
        return self.people[who].client

    def where(self, who: str) -> Where:
        """The conversation as this user names it."""
        return self.id

    def name(self, who: str) -> str:
        """Under which name the person has heard of it."""
        return self.id or conversation_of(self.where(who), who)

    @abstractmethod
    async def begin(self, by: str) -> Result:
        """Let this user make it, and members come in; what came of it."""

    async def say(self, who: str, text: str) -> None:
        """Send a message to it, as a member or as the app."""
        await self.client(who).send(self.where(who), text)

    async def heard(self, who: str, text: str) -> int:
        """The SEQ of the message that this user hears, or 0 if it does not come."""
        return await self.people[who].reads(self.name(who), text)

    def has_come(self, who: str, text: str) -> bool:
        """Whether this user has heard the message by now."""
        return self.people[who].has_heard(text, self.name(who))


class PairPlace(Place):
    """Of owner and member; `away` has one with the owner too."""

    @property
    def kind(self) -> ConversationKind:
        return PAIR

    def where(self, who: str) -> Where:
        if who in (OWNER, self.away):
            return User(MEMBER if who == OWNER else OWNER)
        return User(OWNER) if who == MEMBER else User(MEMBER, of=OWNER)

    async def begin(self, by: str) -> Result:
        there = not await refusal(self.client(by).history(self.where(by)))
        self.standing |= dict.fromkeys((OWNER, MEMBER, self.away), Standing.MEMBER)
        return Result("there" if there else "not there", "needs no making")

    async def say(self, who: str, text: str) -> None:
        if who != APP_ADMIN:
            await super().say(who, text)
            return
        for other in (MEMBER, self.away):
            await self.administrator.send(User(other, of=OWNER), text, as_user=OWNER)


class BroadcastPlace(Place):
    """Everybody is in it."""

    def where(self, who: str) -> Where:
        return BROADCASTS

    async def begin(self, by: str) -> Result:
        async with self.client_of(self.away):  # a new user would get the newest broadcast alone
            there = not await refusal(self.client(by).history(BROADCASTS))
        self.standing |= dict.fromkeys((OWNER, MEMBER, STRANGER, self.away), Standing.MEMBER)
        return Result("there" if there else "not there", "needs no making")

    async def say(self, who: str, text: str) -> None:
        if who == APP_ADMIN:
            await self.administrator.broadcast(text)
        else:
            await super().say(who, text)


class Created(Place):
    """One that somebody creates. Members are named at its creation if the type allows that; else they join."""

    async def create(self, by: str, members: Sequence[str] = (), group_id: str = "") -> str:
        """Create one; returns its id. Raises RcimError."""
        client = self.client(by)
        return await client.create_group(self.title, group_id=group_id, type_=self.row.name, members=members)

    async def begin(self, by: str) -> Result:
        members = [MEMBER, self.away] if self.row.members_at_creation else []
        self.id = await self.create(by, members)
        for user in () if members else (MEMBER, self.away):
            await self.enter(user, self.id)
        self.standing |= dict.fromkeys((MEMBER, self.away), Standing.MEMBER)
        if self.row.has_owner:
            self.standing[OWNER] = Standing.OWNER
        return Result(DONE)

    async def enter(self, user: str, group_id: str) -> None:
        """Let the user join; who is not online now is so for a moment."""
        if user in self.people:
            await self.client(user).join(group_id)
            return
        async with self.client_of(user) as client:
            await client.join(group_id)

    async def apply(self, who: str) -> Result:
        """Join, or ask and be let in. Raises RcimError."""
        owner, applicant = self.people[OWNER], self.people[who]
        joined = await applicant.client.join(self.id, text="let me in")
        if joined.status is JoinStatus.WAITING:
            if not await owner.hears(self.id, lambda item: isinstance(item, ApplicationEvent)):
                return Result("owner not told")
            await owner.client.decide(self.id, who, True)
            if not await applicant.hears(self.id, lambda item: isinstance(item, DecisionEvent) and item.approved):
                return Result("applicant not told")
        self.standing[who] = Standing.MEMBER
        return Result("joined") if joined.status is JoinStatus.JOINED else Result("decided", "asks, is let in")

    async def has(self, user_id: str, group_id: str = "") -> bool:
        """Whether a user is a member of it, or of another one, as the app sees it."""
        return user_id in await self.administrator.some_members(group_id or self.id, [user_id])


class ChannelPlace(Created):
    """A channel, in an ultra group of its own. Its members are those of the group."""

    parent = ""

    async def create(self, by: str, members: Sequence[str] = (), group_id: str = "") -> str:
        if group_id:
            return await super().create(by, members, group_id)
        if not self.parent:
            free = ApplyJoinOption.FREE_ACCESS
            client = self.client(by)
            self.parent = await client.create_group("parent", type_="UltraGroup", apply_join_option=free)
        return await self.client(by).create_channel(self.parent, "news")

    async def enter(self, user: str, group_id: str) -> None:
        await super().enter(user, self.parent)


class SystemPlace(Created):
    """A system conversation, whose subscribers are its members. What users write goes to its account."""

    async def create(self, by: str, members: Sequence[str] = (), group_id: str = "") -> str:
        if members:
            return await super().create(by, members, group_id)
        return await self.client(by).create_system(self.title, group_id=group_id)

    async def say(self, who: str, text: str) -> None:
        if who == APP_ADMIN:
            await self.administrator.system_send(self.id, text)
        else:
            await super().say(who, text)


class TemporaryPlace(Created):
    """A temporary conversation."""

    async def create(self, by: str, members: Sequence[str] = (), group_id: str = "", ttl_s: int | None = None) -> str:
        if group_id:
            return await super().create(by, members, group_id)
        return await self.client(by).create_temporary(self.title, members, ttl_s=ttl_s)
