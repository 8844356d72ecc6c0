"""Who calls the native API: the `Authorization` header (ID-08).

`Bearer KEY` is an API key; `UserSig IDENTIFIER:USERSIG` is an app administrator with a UserSig, as at a login.
"""

from __future__ import annotations

from rcim.base.errors import CREDENTIALS_MISSING, RcimError
from rcim.service.back_ends import BackEnds, Principal, Source


async def caller(back_ends: BackEnds, authorization: str, source: Source) -> Principal:
    """The principal that a request acts as. Raises RcimError: what is wrong with its credentials, or TOO_FREQUENT."""
    scheme, _, said = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return await back_ends.key(said.strip(), source)
    if scheme.lower() == "usersig":
        identifier, _, user_sig = said.strip().rpartition(":")
        return await back_ends.administrator(identifier, user_sig, source)
    raise RcimError(
        CREDENTIALS_MISSING, "Authorization has to be `Bearer` and an API key, or `UserSig` and IDENTIFIER:USERSIG"
    )
