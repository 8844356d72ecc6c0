"""Routes of the server itself: keys of back ends, counters, rules, the message log, and what leaves it."""

from __future__ import annotations

from rcim.adapters.native import pages
from rcim.adapters.native.routes import Route
from rcim.service import requests

CONSUMER = "/v1/consumers/{consumer}"

RULES = (
    Route("GET", "/v1/stats", requests.AdminStats),
    Route("GET", "/v1/health", requests.AdminHealth),
    Route("GET", "/v1/connections", requests.AdminConnections, pages=pages.by_next("rows", "after_id")),
    Route("GET", "/v1/frequency-control", requests.AdminFlow, pages=pages.whole("rows")),
    Route("GET", "/v1/lists/{which}", requests.AdminList, pages=pages.by_cursor("entries")),
    Route("PATCH", "/v1/lists/{which}", requests.AdminListChange),
    Route("GET", "/v1/group-types", requests.AdminTypes, pages=pages.by_cursor("rows")),
    Route("PUT", "/v1/group-types/{name}", requests.AdminTypeSet),
    Route("DELETE", "/v1/group-types/{name}", requests.AdminTypeRemove),
)
LIVE = (
    Route("GET", "/v1/live/conversations", requests.AdminHot, pages=pages.HOT),
    Route("GET", "/v1/live/conversations/{conversation}", requests.AdminActivity),
    Route("GET", "/v1/live/connections", requests.AdminSlow, pages=pages.whole("rows", "found")),
    Route("GET", "/v1/live/processes", requests.AdminProcesses, pages=pages.whole("rows")),
)
MESSAGE_LOG = (
    Route("GET", "/v1/message-log", requests.MessageLogList, pages=pages.LOG_FILES),
    Route("GET", "/v1/message-log/{hour}/{kind}", requests.MessageLogGet),
    Route("DELETE", "/v1/message-log", requests.MessageLogExpire),
)
CONSUMERS = (
    Route("GET", "/v1/consumers", requests.OutboxList, pages=pages.by_next("rows", "after")),
    Route("GET", CONSUMER, requests.OutboxShow, pages=pages.whole("rows")),
    Route("POST", CONSUMER + "/pause", requests.OutboxPause),
    Route("POST", CONSUMER + "/resume", requests.OutboxResume),
    Route("POST", CONSUMER + "/replay", requests.OutboxReplay),
    Route("GET", CONSUMER + "/dead-letters", requests.OutboxDead, pages=pages.by_next("rows", "after_id")),
    Route("POST", CONSUMER + "/dead-letters/retry", requests.OutboxDeadRetry),
    Route("DELETE", CONSUMER + "/dead-letters", requests.OutboxDeadDrop),
)
SETTINGS = (Route("POST", "/v1/reload", requests.AdminReload),)
KEYS = (
    Route("POST", "/v1/keys", requests.AdminKeyCreate, status=201, secret=True),
    Route("GET", "/v1/keys", requests.AdminKeys, pages=pages.by_cursor("rows")),
    Route("DELETE", "/v1/keys/{key_id}", requests.AdminKeyRevoke),
    Route("GET", "/v1/audit", requests.AdminAudit, pages=pages.by_cursor("rows")),
)
ROUTES = (*KEYS, *SETTINGS, *RULES, *LIVE, *MESSAGE_LOG, *CONSUMERS)
