"""Routes of conversations, their messages, and broadcasts."""

from __future__ import annotations

from rcim.adapters.native import pages
from rcim.adapters.native.routes import Route
from rcim.base.terms import Priority
from rcim.service import requests

CONVERSATION = "/v1/conversations/{conversation}"
OF_USER = "/v1/users/{user_id}/conversations"
SENDING = {"priority": Priority.NORMAL, "client_msg_id": ""}
"""May be left out: the server makes a client message id, of the Idempotency-Key if there is one."""

ROUTES = (
    Route("GET", "/v1/conversations", requests.ConversationsQuery, pages=pages.QUERIED),
    Route("POST", CONVERSATION + "/messages", requests.AdminSend, defaults=SENDING, status=201),
    Route("GET", CONVERSATION + "/messages", requests.History, pages=pages.MESSAGES),
    Route("POST", CONVERSATION + "/imported-messages", requests.AdminPairImport, status=201),
    Route("PATCH", CONVERSATION + "/messages/{seq}", requests.MessageEdit),
    Route("DELETE", CONVERSATION + "/messages/{seq}", requests.MessageDelete),
    Route("POST", CONVERSATION + "/messages/{seq}/recall", requests.MessageRecall),
    Route("GET", CONVERSATION + "/messages/{seq}/receipts", requests.MessageReceipts, pages=pages.RECEIPTS),
    Route("DELETE", CONVERSATION + "/senders/{sender}/messages", requests.MessagesErase),
    Route("GET", CONVERSATION + "/senders/{sender}/messages/{client_msg_id}/trace", requests.AdminTrace),
    Route("GET", OF_USER, requests.Sync, acts=True, pages=pages.SYNC),
    Route("DELETE", OF_USER + "/{conversation}", requests.ConversationRemove, acts=True),
    Route("PUT", OF_USER + "/{conversation}/flag", requests.ConversationFlag, acts=True),
    Route("PUT", OF_USER + "/{conversation}/pin", requests.ConversationPin, acts=True),
    Route("PUT", OF_USER + "/{conversation}/read", requests.ConversationRead, acts=True),
    Route("GET", OF_USER + "/{conversation}/messages", requests.History, acts=True, pages=pages.MESSAGES),
    Route("DELETE", OF_USER + "/{conversation}/messages", requests.ConversationClear, acts=True),
    Route("POST", OF_USER + "/{conversation}/hidden-messages", requests.MessagesHide, acts=True),
    Route("GET", "/v1/users/{user_id}/found-messages", requests.Search, acts=True, pages=pages.FOUND),
    Route("POST", "/v1/broadcasts", requests.AdminBroadcast, defaults=SENDING, status=201),
    Route("GET", "/v1/broadcasts", requests.AdminBroadcasts, pages=pages.BROADCASTS),
    Route("POST", "/v1/broadcasts/{seq}/recall", requests.AdminBroadcastRecall),
    Route(
        "POST",
        "/v1/system-conversations/{group_id}/messages",
        requests.AdminSystemSend,
        defaults=SENDING,
        pages=pages.whole("rows"),
        status=201,
    ),
    Route(
        "GET",
        "/v1/system-conversations/{group_id}/writers",
        requests.AdminSystemWriters,
        pages=pages.by_cursor("rows"),
    ),
)
