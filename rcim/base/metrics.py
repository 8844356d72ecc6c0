"""The table of metrics (OP-02): what the server measures, for Prometheus and for whoever asks by ADMIN_METRICS.

Names follow Prometheus' conventions: base units, `_total` for counters. A label has a bounded set of values, which the
code or the settings name; `LABELS` says where each comes from. Text of users is never a label.

Values are whole numbers. A metric in seconds is counted in microseconds (`Metric.in_seconds`), so that the figures of
several processes add up exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class MetricKind(Enum):
    """What a figure is."""

    COUNTER = 1
    """It only grows, from the start of its process on."""
    GAUGE = 2
    """It is as high as it is now."""
    HISTOGRAM = 3
    """How many values were at most as high as each bound, and their sum."""


class Merge(Enum):
    """What several processes have, as one figure."""

    SUM = 1
    MAX = 2
    MIN = 3


@dataclass(frozen=True, slots=True)
class Metric:
    """A row of the table."""

    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    """Of a histogram, ascending, in the metric's unit; beyond the last one there is one more bucket."""
    merge: Merge = Merge.SUM

    @property
    def in_seconds(self) -> bool:
        """True: its values are counted in microseconds."""
        return is_in_seconds(self.name)


def is_in_seconds(name: str) -> bool:
    """True: the values of the metric with this name are counted in microseconds."""
    return name.endswith(("_seconds", "_seconds_total"))


LABELS: dict[str, str] = {
    "process": "`server` for a server of one process; else `owner`, `gateway 1`, `gateway 2`, ...",
    "version": "the version of the program",
    "python": "the version of Python",
    "mode": "`user` or `system`",
    "level": "of lines of the log: `info`, `warning`, `error`",
    "reason": "kinds of errors (`mistake`, `violation`, `overload`, `fault`); for TLS `handshake` or `limit`; for lines "
    "of the log `no_room` or `not_written`; for "
    "pushes the reasons in [`push_not_…`](../how-to/push-to-phones.md); for connections over HTTP `limit` (too many), "
    "`address` (too many of one address), `handshake` (TLS failed or took too long), `proxy` (no good PROXY header)",
    "conversation": "the kinds of conversations: `group`, `pair`, `ultra group`, `channel`, `system`, `temporary`, "
    "`broadcast`",
    "priority": "`high`, `normal`, `low`, `lowest`",
    "rule": "`total` or `priority`: which limit of frequency control",
    "thread": "the threads that use the store: `committer`, `reader`, `loader`",
    "outcome": "what became of it: a fixed list for each metric",
    "provider": "names of sections `[push_providers.NAME]`",
    "consumer": "names of the sections that events are sent to, such as `callbacks` or `push.ios`",
    "api": "names of the APIs in `http.apis`; `none` for a path that belongs to none of them",
    "code": "class of the status: `2xx`, `3xx`, `4xx`, `5xx`",
    "result": "what the message log did: `messages`, `failed`, `closed`, `close_failed`, `torn`, `removed`",
}
"""Where the values of each label come from."""

FINE = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Of what takes microseconds to seconds."""
COARSE = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Of what other machines have a part in."""
BATCH = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)

_TABLE: list[Metric] = []


def _counter(name: str, help_: str, *labels: str) -> Metric:
    _TABLE.append(Metric(name, MetricKind.COUNTER, help_, labels))
    return _TABLE[-1]


def _gauge(name: str, help_: str, *labels: str, merge: Merge = Merge.SUM) -> Metric:
    _TABLE.append(Metric(name, MetricKind.GAUGE, help_, labels, merge=merge))
    return _TABLE[-1]


def _histogram(name: str, help_: str, *labels: str, bounds: tuple[float, ...] = FINE) -> Metric:
    _TABLE.append(Metric(name, MetricKind.HISTOGRAM, help_, labels, bounds))
    return _TABLE[-1]


# -- the server and its processes

BUILD_INFO = _gauge(
    "rcim_build_info", "Always 1; the labels say which program runs.", "version", "python", merge=Merge.MAX
)
PROCESSES = _gauge("rcim_processes", "Processes whose figures are in this answer.", merge=Merge.MAX)
MISSING = _gauge(
    "rcim_processes_missing",
    "Processes of the server that have not answered in time: their figures are not in this answer.",
    merge=Merge.MAX,
)
FIGURES_MISSING = _gauge(
    "rcim_figures_missing",
    "Parts of the process with the conversations (store, consumers) that have not answered in time.",
    merge=Merge.MAX,
)
STARTED = _gauge(
    "rcim_process_start_timestamp_seconds",
    "When the process started, in seconds since 1970.",
    "process",
    merge=Merge.MAX,
)
CPU = _counter("rcim_process_cpu_seconds_total", "Processor time that the process has used.", "process", "mode")
MEMORY = _gauge("rcim_process_resident_memory_bytes", "Memory of the process, with pages of files.", "process")
OPEN_FILES = _gauge(
    "rcim_process_open_files", "Open file descriptors of the process: each connection is one.", "process"
)
OPEN_FILES_MAX = _gauge("rcim_process_max_open_files", "File descriptors that the process may have.", "process")
LOOP_LAG = _histogram(
    "rcim_loop_lag_seconds",
    "How much later than asked for a timer of the event loop was called; measured ten times a second.",
    "process",
)
CERTIFICATE_ENDS = _gauge(
    "rcim_certificate_expires_timestamp_seconds",
    "When the certificate in force expires, in seconds since 1970; of several the first. Absent without TLS.",
    merge=Merge.MIN,
)
CLOCK_IN_DOUBT = _gauge(
    "rcim_clock_in_doubt", "1 while the wall clock is not believed, and nothing is deleted by age.", merge=Merge.MAX
)
CLOCK_DOUBTS = _counter("rcim_clock_doubts_total", "Times that the wall clock was found not to be right.")
SWEEPS_SKIPPED = _counter("rcim_sweeps_skipped_total", "Removals by age that were left out because of the clock.")
AUDIT_LOST = _counter("rcim_audit_lines_lost_total", "Lines of the audit log that could not be written.")
LOG_LINES_DROPPED = _counter(
    "rcim_log_lines_dropped_total",
    "Lines of the log that were not written: whoever reads it is too slow (no_room), or gone (not_written).",
    "process",
    "reason",
)
LOG_LINES_SUPPRESSED = _counter(
    "rcim_log_lines_suppressed_total",
    "Lines of the log that were counted instead of written, because others of their kind had just been.",
    "process",
    "level",
)
RELOADS = _counter(
    "rcim_reloads_total",
    "Reloads of the settings: in force (done), refused because something was wrong (refused) or because others were "
    "under way (busy), ended by a fault of the server (failed). Looking alone (`reload --check`) does not count.",
    "outcome",
)
RELOAD_GOOD = _gauge(
    "rcim_last_reload_successful",
    "0 after a reload that was refused or failed, until one is done: the settings in force are not those of the file.",
    merge=Merge.MIN,
)
RELOAD_GOOD_AT = _gauge(
    "rcim_last_reload_success_timestamp_seconds",
    "When the settings came into force by a reload, or by the start, in seconds since 1970.",
    merge=Merge.MAX,
)

# -- connections

CONNECTIONS = _gauge("rcim_connections", "Open connections of clients.")
USERS_ONLINE = _gauge("rcim_users_online", "Users who are logged in; one at two gateways counts twice.")
GUESTS = _gauge("rcim_guests", "Guests who are logged in.")
CONVERSATIONS_ONLINE = _gauge(
    "rcim_conversations_online", "Conversations with somebody online; one at two gateways counts twice."
)
USERS_WATCHED = _gauge("rcim_users_watched", "Users whose presence somebody watches.")
HANDSHAKES_WAITING = _gauge(
    "rcim_handshakes_waiting", "Connections that wait for their turn to shake hands or log in."
)
INPUT_WAITING = _gauge("rcim_input_waiting", "Connections that wait for their turn to be read.")
ACCEPTED = _counter("rcim_connections_accepted_total", "Connections that were accepted.")
CONNECTIONS_REFUSED = _counter("rcim_connections_refused_total", "Connections that were refused: too many.")
PROXY_HEADERS_REFUSED = _counter(
    "rcim_proxy_headers_refused_total",
    "Connections of proxies that were closed because their header was wrong or late.",
)
LOGINS = _counter("rcim_logins_total", "Logins that succeeded.")
LOGINS_REFUSED = _counter("rcim_logins_refused_total", "Logins that were refused.")
TLS_FAILURES = _counter("rcim_tls_failures_total", "Connections that TLS ended.", "reason")
REQUESTS = _counter("rcim_requests_total", "Requests of clients.")
REQUESTS_REFUSED = _counter(
    "rcim_requests_refused_total", "Requests of clients that were answered with an error.", "reason"
)
TOO_FREQUENT = _counter("rcim_requests_too_frequent_total", "Requests over the rate of their user.")
SLOWED = _counter("rcim_input_slowed_total", "Times that a user's input was not read for a while: it took too long.")
SLOW_RECEIVERS = _counter("rcim_slow_receivers_total", "Times that a client began not to take what it was sent.")
SKIPPED = _counter("rcim_deliveries_skipped_total", "Deliveries that were left out because a client was too slow.")
RESYNCS = _counter("rcim_resyncs_total", "Times that a client was told that it has missed messages.")
DEVICES_REPLACED = _counter("rcim_devices_replaced_total", "Devices that were logged out because of another login.")

# -- requests and messages

COMMANDS = _counter("rcim_commands_total", "Commands that actors have handled.")
COMMANDS_REFUSED = _counter("rcim_commands_refused_total", "Commands that actors have refused.", "reason")
MESSAGES = _counter(
    "rcim_messages_total", "Messages that were passed on, by the kind of conversation.", "conversation"
)
PASSED = _counter("rcim_messages_passed_total", "Messages of groups that frequency control let pass.", "priority")
HELD_BACK = _counter(
    "rcim_messages_held_back_total", "Messages of groups that frequency control held back.", "priority", "rule"
)
SEND_DURABLE = _histogram(
    "rcim_send_durable_seconds",
    "From when the process with the conversations got a message to when it was durable, with the time for which "
    "frequency control or a question to the app held it.",
    "conversation",
)
MAILBOX_WAIT = _histogram(
    "rcim_mailbox_wait_seconds", "How long commands that were committed had waited for the turn that handled them."
)
TURN = _histogram("rcim_turn_seconds", "Time of one turn of the dispatcher in which commands were handled.")
ACTORS = _gauge("rcim_actors", "Actors of conversations and users in memory.")
ACTOR_LOADS = _counter("rcim_actor_loads_total", "Actors that were loaded from the store.")
DURABLE_WRITTEN = _histogram(
    "rcim_durable_written_seconds",
    "From when the process with the connections got the first durable message of a round to when the round had given it "
    "to every connection; system conversations and broadcasts, which are paced, do not count.",
    "conversation",
)
ROUNDS = _counter("rcim_fanout_rounds_total", "Rounds over the connections of a conversation.")
VISITS = _counter("rcim_fanout_visits_total", "Connections that were given something in a round.")
DELIVERIES = _counter("rcim_deliveries_total", "Messages times connections that they were given to.")
CHANGE_NOTICES = _counter("rcim_change_notices_total", "Notices of changes in conversations that were given out.")
NOTICES_UNTOLD = _counter("rcim_notices_untold_total", "Notices that were left out because too many waited.")
OVER_CEILING = _counter(
    "rcim_deliveries_over_ceiling_total", "Deliveries that were left out because of `deliveries_per_s_max`."
)

# -- the store

COMMITS = _counter("rcim_commits_total", "Commits that are durable.")
COMMITS_FAILED = _counter("rcim_commits_failed_total", "Commits that failed, wholly or for some conversations.")
RECORDS = _counter("rcim_records_total", "Records in commits that are durable.")
COMMIT_RECORDS = _histogram("rcim_commit_records", "Records of one commit.", bounds=BATCH)
APPEND = _histogram(
    "rcim_store_append_seconds", "Time of one append to the store: applying the records, and the commit of LMDB."
)
LMDB_COMMIT = _histogram(
    "rcim_store_commit_seconds",
    "Time of LMDB's own commit: it writes the changed pages and syncs the file (fdatasync) in one call.",
)
STORE_JOB = _histogram("rcim_store_job_seconds", "Time of one job of a thread that uses the store.", "thread")
STORE_USED = _gauge("rcim_store_used_bytes", "Bytes of the store's file up to its last used page.")
STORE_FILE = _gauge("rcim_store_file_bytes", "Size of the store's file, with the reserve.")
STORE_MAP = _gauge("rcim_store_map_bytes", "Size of the map now; it doubles when it is full.")
STORE_MAP_MAX = _gauge("rcim_store_map_max_bytes", "What the map may grow to (`store.map_bytes_max`).")
STORE_READERS = _gauge("rcim_store_readers", "Slots of LMDB's table of readers that have been used.")
STORE_READERS_MAX = _gauge("rcim_store_readers_max", "Slots of LMDB's table of readers.")
DISK_FREE = _gauge("rcim_disk_free_bytes", "Free bytes of the file system with the data directory.")
DISK = _gauge("rcim_disk_bytes", "Size of the file system with the data directory.")
LAST_BACKUP = _gauge(
    "rcim_last_backup_timestamp_seconds",
    "When `rcim backup` began the last backup that is complete, in seconds since 1970. Absent if none is known.",
    merge=Merge.MAX,
)
DAMAGED = _counter(
    "rcim_store_damaged_total", "Times that data was refused or left out because the store is damaged."
)
ROWS_TRIMMED = _counter("rcim_store_rows_trimmed_total", "Rows of the store that were removed because of their age.")
EVENTS_WRITTEN = _counter("rcim_events_written_total", "Events that were written for consumers.")
EVENTS_LOST = _counter("rcim_events_lost_total", "Events of sessions that were lost because too many waited.")

# -- what leaves the server

QUESTIONS = _counter("rcim_callback_questions_total", "Questions to the app before an action.", "outcome")
QUESTION_TIME = _histogram(
    "rcim_callback_question_seconds", "Time until a question to the app was decided.", "outcome", bounds=COARSE
)
TOLD = _counter("rcim_callback_events_total", "Events that receivers of callbacks were told.", "outcome")
CONSUMER_WAITING = _gauge("rcim_consumer_waiting_events", "Events that the consumer has not taken.", "consumer")
CONSUMER_OLDEST = _gauge(
    "rcim_consumer_oldest_waiting_seconds",
    "Age of the oldest event that waits for the consumer; 0: none.",
    "consumer",
)
CONSUMER_PAUSED = _gauge("rcim_consumer_paused", "1 while an administrator has paused the consumer.", "consumer")
CONSUMER_REFUSING = _gauge(
    "rcim_consumer_refusing", "1 while the destination of the consumer takes nothing.", "consumer"
)
CONSUMER_DELIVERED = _counter("rcim_consumer_delivered_total", "Events that the consumer has taken.", "consumer")
CONSUMER_FAILED = _counter("rcim_consumer_failed_total", "Tries in which an event was not taken.", "consumer")
CONSUMER_DROPPED = _counter("rcim_consumer_dropped_total", "Events that were too old or too many.", "consumer")
CONSUMER_DEAD = _gauge("rcim_consumer_dead_letters", "Dead letters that are kept for the consumer.", "consumer")
CONSUMER_DEAD_TOTAL = _counter("rcim_consumer_dead_total", "Events that became dead letters.", "consumer")
PUSHES = _counter("rcim_pushes_total", "Pushes to phones, by what became of them.", "provider", "outcome")
PUSH_DECISIONS = _counter(
    "rcim_push_decisions_total", "Users about whom it was decided whether they get a push.", "provider"
)
PUSH_MESSAGES = _counter(
    "rcim_push_messages_total",
    "Messages that could not be pushed because of a fault (failed), or to more than "
    "`push.receivers_max` users (over_bound).",
    "provider",
    "outcome",
)
PUSH_AGAINST = _counter("rcim_push_skipped_total", "Users who got no push of a message.", "provider", "reason")
PUSH_TIME = _histogram(
    "rcim_push_request_seconds", "Time in which a provider took a batch of pushes.", "provider", bounds=COARSE
)
MESSAGE_LOG = _counter("rcim_message_log_total", "Messages and files of the message log.", "result")

# -- HTTP

HTTP_TIME = _histogram(
    "rcim_http_request_seconds",
    "Time of a request over HTTP until its answer was made.",
    "api",
    "code",
    bounds=COARSE,
)
HTTP_REQUESTS = _counter("rcim_http_requests_total", "Requests over HTTP.", "api", "code")
HTTP_IN_FLIGHT = _gauge("rcim_http_requests_in_flight", "Complete requests over HTTP that are being answered.")
HTTP_CONNECTIONS = _gauge("rcim_http_connections", "Open connections over HTTP.")
HTTP_REFUSED = _counter(
    "rcim_http_connections_refused_total",
    "Connections over HTTP that ended before a request could be read.",
    "reason",
)
ACCESS_LINES_DROPPED = _counter(
    "rcim_access_log_lines_dropped_total", "Lines of the access log that found no room: its log is read too slowly."
)
SCRAPES = _counter(
    "rcim_scrapes_total", "Requests for /metrics: answered, shared (with one under way), refused, failed.", "outcome"
)

METRICS = tuple(_TABLE)
"""All of them, in the order in which pages show them."""
BY_NAME = {metric.name: metric for metric in METRICS}
