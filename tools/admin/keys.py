"""`rcim-admin key`: API keys of back ends (ID-08)."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer
from rcim_tools.admin import calls
from rcim_tools.admin.calls import call
from rcim_tools.admin.output import row_of, rows_of, show, show_one

app = typer.Typer(
    help="Make, list and revoke API keys of back ends.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
DAY_MS = 86_400_000
COLUMNS = ("key_id", "name", "scopes", "acts_as", "created_ms", "expires_ms", "per_s", "used_ms")


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the key is for, up to 64 bytes.")],
    scope: Annotated[
        list[str], typer.Option("--scope", metavar="SCOPE", help="What it may do, or `all`; may be repeated.")
    ],
    expires_days: Annotated[int, typer.Option(min=0, help="Days until it expires; 0: never.")] = 0,
    rate: Annotated[int, typer.Option(min=0, help="Requests a second at the most; 0: any number.")] = 0,
    as_user: Annotated[
        str, typer.Option("--as", metavar="USER", help="App administrator in whose name it acts; the caller's own.")
    ] = "",
) -> None:
    """Make an API key.

    Standard output has the secret alone, which is not shown again; the rest goes to standard error.
    """
    expires_ms = int(time.time() * 1000) + expires_days * DAY_MS if expires_days else 0
    secret, key = call(
        lambda client: client.create_key(name, scope, acts_as=as_user, expires_ms=expires_ms, per_s=rate)
    )
    if calls.target.json:
        show_one(row_of(key) | {"secret": secret})
        return
    print(f"{key.key_id}: {key.name}; {', '.join(key.scopes)}; as {key.acts_as}", file=sys.stderr)
    print(secret)


@app.command("list")
def list_() -> None:
    """List the API keys, without their secrets."""
    show(rows_of(call(lambda client: client.keys())), COLUMNS)


@app.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(metavar="KEY", help="The key's id: rk_…")]) -> None:
    """Revoke an API key: a second later it counts nowhere any more."""
    call(lambda client: client.revoke_key(key_id))
    show_one({"key_id": key_id, "revoked": True})
