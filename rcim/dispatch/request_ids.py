"""What a log line about a request names, so that it leads to the user and the message (OP-02)."""

from __future__ import annotations

from rcim.dispatch.requests import CommandRequest, QueryRequest, WorkflowRequest

REQUEST_ID_MASK = 0xFFFF_FFFF
"""Adapters put more than the client's request id into a token, above these bits."""


def ids_of(request: CommandRequest | QueryRequest | WorkflowRequest) -> dict[str, object]:
    """The fields of a line about this request. `user` and `client_msg_id` lead to a message by `rcim-admin message
    trace`."""
    body = request.body
    return {
        "conversation": request.key or getattr(body, "key", None),
        "command": type(body).__name__,
        "user": getattr(body, "sender", None) or getattr(body, "by", None),
        "client_msg_id": getattr(body, "client_msg_id", None),
        "request_id": request.token & REQUEST_ID_MASK,
    }
