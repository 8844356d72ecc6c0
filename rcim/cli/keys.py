"""`rcim token`: what is made with the signing key."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from rcim.base.limits import USERSIG_EXPIRE_S_MAX
from rcim.cli.options import ConfigOption, DataOption, SetOption, fail, settings_of


def token(
    user: Annotated[str, typer.Option(help="User id that the UserSig is for.")],
    config: ConfigOption = None,
    data: DataOption = None,
    expire: Annotated[int, typer.Option(min=1, max=USERSIG_EXPIRE_S_MAX, help="Seconds until it expires.")] = 180
    * 86400,
    set_: SetOption = None,
) -> None:
    """Print a UserSig, with which a user logs in.

    It is signed with the key in the data directory of the server.
    """
    from rcim.app.datadir import DataDir, DataDirError
    from rcim.base.errors import RcimError
    from rcim.base.ids import check_user_id
    from rcim.session.usersig import mint

    settings = settings_of(config, set_, data)
    try:
        check_user_id(user)
        key = DataDir(Path(settings.server.data)).key()
    except RcimError as error:
        raise fail(error.detail) from None
    except DataDirError as error:
        raise fail(f"{error}. Has a server been started with this data directory?") from None
    print(mint(settings.app.sdkappid, key, user, int(time.time()), expire))
