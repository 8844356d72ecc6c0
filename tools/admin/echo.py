"""`rcim-admin callback-echo`: a receiver of callbacks to try them out with (CB-01)."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Annotated, Any

import typer
from rcim_tools.admin.calls import USAGE, fail

from rcim.base.terminal import printable_json

REFUSED, REPLACED = "refused by callback-echo", "replaced by callback-echo"
ELEMENTS = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": REPLACED}}]
ANSWERS: dict[str, dict[str, Any]] = {
    "allow": {"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "pass": 1, "result": {"result": True}},
    "refuse": {
        "allow": False,
        "text": REFUSED,
        "ActionStatus": "OK",
        "ErrorInfo": REFUSED,
        "ErrorCode": 1,
        "pass": 0,
        "result": {"drop": True, "reject": True, "detail": REFUSED, "result": False, "error": REFUSED, "skip": True},
    },
    "drop": {
        "drop": True,
        "ActionStatus": "OK",
        "ErrorInfo": "",
        "ErrorCode": 2,
        "pass": 0,
        "result": {"toPeers": []},
    },
    "replace": {
        "body": ELEMENTS,
        "ActionStatus": "OK",
        "ErrorInfo": "",
        "ErrorCode": 0,
        "MsgBody": ELEMENTS,
        "pass": 1,
        "content": json.dumps({"content": REPLACED}),
        "result": {"content": json.dumps({"_lctype": -1, "_lctext": REPLACED}), "result": True},
    },
}
"""Each is an answer to every profile: our own, then Tencent's, RongCloud's `pass`, and LeanCloud's `result`."""


def callback_echo(
    answer: Annotated[str, typer.Option(help=f"The answer to give: {', '.join(ANSWERS)}.")] = "allow",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: any free port.")] = 0,
    count: Annotated[int, typer.Option(min=0, help="Exit after this many callbacks; 0: never.")] = 0,
) -> None:
    """Receive callbacks and print them, to try them out.

    Prints each callback as a line of JSON and gives all of them the same answer, in the form of every profile. Start
    the server with the `callbacks.url` that is printed here, with `callbacks.commands`, and, on the same machine, with
    `callbacks.allow_private=true`.
    """
    if answer not in ANSWERS:
        raise fail(f"--answer {answer}: has to be one of {', '.join(ANSWERS)}", USAGE)
    try:
        asyncio.run(_receive(ANSWERS[answer], host, port, count))
    except OSError as error:
        raise fail(f"{host}:{port}: {error.strerror or error}") from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


async def _receive(answer: dict[str, Any], host: str, port: int, count: int) -> None:
    from aiohttp import web

    done = asyncio.Event()
    seen = 0

    async def post(request: web.Request) -> web.Response:
        nonlocal seen
        try:
            form = request.content_type == "application/x-www-form-urlencoded"  # RongCloud's
            body = dict(await request.post()) if form else await request.json()
        except ValueError:
            return web.Response(status=400)
        event = request.headers.get("X-Rcim-Event", "")
        key = {"event": event} if event else {}
        shown = {**key, "path": request.path, "query": dict(request.query), "body": body}
        said = json.dumps(shown, ensure_ascii=False)
        print(printable_json(said), flush=True)
        seen += 1
        if seen == count:
            done.set()
        return web.json_response(answer)

    app = web.Application(client_max_size=1 << 20)
    app.router.add_post("/{path:.*}", post)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        print(f"callbacks.url=http://{host}:{runner.addresses[0][1]}/", file=sys.stderr, flush=True)
        await done.wait()
    finally:
        await runner.cleanup()
