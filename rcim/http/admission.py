"""Who may take up a connection, and how many bytes of bodies: bounds over all callers, and for each address."""

from __future__ import annotations

import asyncio

from rcim.http.api import Fault, FaultError

SMALL_BYTES = 16 * 1024
"""Of each body that do not count: so a caller that fills the memory keeps no ordinary request out. The number of
connections bounds them."""

LARGE_BYTES = 64 * 1024
"""From this size on a body waits for its turn before it is decoded."""
LARGE_BYTES_PER_S = 20 << 20
"""Of all large bodies together: reading 1 MiB of JSON takes up to 15 ms of the loop's thread, in steps, so it takes a
third of it at most. (A form takes longer, if each third byte is an escape; its steps take turns with other work too.)"""


class Place:
    """A connection's place among those there may be. `leave` gives it back, once."""

    __slots__ = ("_places", "address")

    def __init__(self, places: Places, address: str) -> None:
        self._places: Places | None = places
        self.address = address

    def leave(self) -> None:
        """The connection is gone, or was never made."""
        places, self._places = self._places, None
        if places is not None:
            places.left(self.address)


class Places:
    """At most `most` connections, and `per_address` of one address."""

    def __init__(self, most: int, per_address: int) -> None:
        self._most = most
        self._per_address = per_address
        self._by_address: dict[str, int] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def full(self) -> bool:
        """True if there is no place for anybody."""
        return self._count >= self._most

    def set_most(self, most: int, per_address: int) -> None:
        """At most so many from now on; whoever has a place keeps it."""
        self._most, self._per_address = most, per_address

    def take(self, address: str, *, is_proxy: bool = False) -> Place | None:
        """A place for a connection from there; None if there is none. A proxy's own may be any number of one address."""
        of_address = self._by_address.get(address, 0)
        if self.full or (of_address >= self._per_address and not is_proxy):
            return None
        self._count += 1
        self._by_address[address] = of_address + 1
        return Place(self, address)

    def left(self, address: str) -> None:
        """One of this address is free again."""
        self._count -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]


class BodyBytes:
    """The bytes of all bodies that are being read or answered: at most `most`, and half of them from one address. Of each
    body the first SMALL_BYTES are free. Large ones take turns."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._by_address: dict[str, int] = {}
        self._turn = asyncio.Lock()
        self.held = 0

    def set_most(self, most: int) -> None:
        """At most so many from now on; bodies that have begun count as they do."""
        self._most = most

    def body(self, address: str) -> BodyHold:
        """Holds the bytes of one body of this address."""
        return BodyHold(self, address)

    async def turn(self, size: int) -> None:
        """Wait until so many bytes may be inflated or decoded: bodies of LARGE_BYTES and more one after the other."""
        if size >= LARGE_BYTES:
            async with self._turn:
                await asyncio.sleep(size / LARGE_BYTES_PER_S)

    def change(self, address: str, by: int) -> None:
        """So many bytes more, or less. Raises FaultError(BUSY) if they are too many; nothing has changed then."""
        of_address = self._by_address.get(address, 0) + by
        if by > 0 and (self.held + by > self._most or of_address > self._most // 2):
            raise FaultError(Fault.BUSY, "too many large bodies are on their way")
        self.held += by
        self._by_address[address] = of_address
        if not of_address:
            del self._by_address[address]


class BodyHold:
    """What one body holds. `release` it when its request is answered."""

    __slots__ = ("_address", "_all", "_counted")

    def __init__(self, all_: BodyBytes, address: str) -> None:
        self._all = all_
        self._address = address
        self._counted = 0

    def grown_to(self, size: int) -> None:
        """The body has so many bytes now. Raises FaultError(BUSY)."""
        counted = max(0, size - SMALL_BYTES)
        if counted > self._counted:
            self._all.change(self._address, counted - self._counted)
            self._counted = counted

    async def turn(self, size: int) -> None:
        """As BodyBytes.turn."""
        await self._all.turn(size)

    def release(self) -> None:
        """They are given back."""
        if self._counted:
            self._all.change(self._address, -self._counted)
            self._counted = 0
