"""All routes of the native API, and the operations that have none."""

from __future__ import annotations

from rcim.adapters.native import conversation_routes, group_routes, server_routes, user_routes
from rcim.adapters.native.routes import Route

ROUTES: tuple[Route, ...] = (
    *group_routes.ROUTES,
    *conversation_routes.ROUTES,
    *user_routes.ROUTES,
    *server_routes.ROUTES,
)
NOT_OFFERED = {
    "SEND": "ADMIN_SEND does the same and more",
    "GROUP_CREATE": "ADMIN_GROUP_CREATE does the same and more",
    "PRESENCE_SET": "it is the presence of a connection, and a back end has none",
    "PRESENCE_WATCH": "what is watched is told to a connection, and a back end has none; it may ask, or hear events",
    "PRESENCE_UNWATCH": "as PRESENCE_WATCH",
    "ADMIN_METRICS": "`GET /metrics` has the figures; name `metrics` in the setting `http.apis`",
    "ADMIN_KEY_USE": "the server itself asks it about each request's key",
    "PROFILE_SET": "ADMIN_PROFILE_SET does the same for any user",
}
"""Operations that a back end has no use for, each with the reason."""

assert len({(row.method, row.path) for row in ROUTES}) == len(ROUTES), "a method and a path stand once"
assert len({row.name for row in ROUTES}) == len(ROUTES), "each route has a name of its own"
