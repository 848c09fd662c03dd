"""The limits of the workers, each with its reason, and how the broker is reached."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

ClientOptions = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """Limits of all workers; the defaults are those that were measured. Durations in seconds."""

    source: str = "urn:nld:oin:00000000000000000000:systeem:samenhub"
    """The hub's own CloudEvents source: at egress, and of the events that the hub itself publishes."""

    group: str = "samenhub-decide"
    """Consumer group of decide. Kafka's committed offset is a hint: the ledger's offset is the truth."""

    idempotent_producer: bool = False
    """Whether a repeat inside one producer session leaves one record; the embedded broker does not know it."""

    batch_max: int = 500
    """Events in one transaction: at 500 the fixed cost of a transaction is below 5 % of the work."""

    decide_every_seconds: float = 0.02
    """Shortest time from one transaction of decide to the next: what comes meanwhile shares it. An event that comes
    alone waits for nothing; at 200 a second the embedded broker hands records on 115 times, of which 50 are left."""

    fetch_wait_milliseconds: int = 20
    """The embedded broker does not wake a waiting fetch, so this bounds the latency of an idle log."""

    session_timeout_seconds: float = 6.0
    """A dead worker's partitions move after this; above the ledger's 4 s limit for an idle transaction."""

    heartbeat_seconds: float = 2.0
    """A third of the session timeout, so that two lost heartbeats change nothing."""

    request_timeout_seconds: float = 15.0
    """Broker requests; must be above the session timeout (Faust refuses to start otherwise)."""

    flush_pauses_seconds: tuple[float, ...] = (0.1, 0.3, 1.0, 3.0, 5.0)
    """Pauses between tries of one batch when the database is away. Then the process ends: its supervisor's
    restart comes with fresh connections, and partitions move to a worker that may reach the database."""

    conflict_retries: int = 5
    """Tries of one batch that met another batch on the same (source, id). The winner commits in one try."""

    reclaim_pause_seconds: float = 0.3
    """Lets a rebalance that caused the fence show itself before the partition is claimed again."""

    probe_seconds: float = 5.0
    """How long a look into the log may take that tells a real gap from a lost event."""

    lag_every_seconds: float = 5.0
    """Pause between two measurements of the lag; one broker request and one query each."""

    stop_grace_seconds: float = 20.0
    """A stop that hangs longer ends hard: every effect is safe to repeat after a crash."""

    claim_max: int = 100
    """Deliveries of one claim: few round trips, and leases that are short enough to serve in time."""

    in_flight_max: int = 512
    """Deliveries that one process holds at a time; bounds memory (64 KiB each) and open sockets."""

    claim_every_seconds: float = 0.02
    """Shortest time from one claim to the next: what came meanwhile shares one transaction. A delivery that
    comes alone waits for nothing; at 200 a second the work of deliver and database is a quarter."""

    settle_every_seconds: float = 0.04
    """Shortest time from one writing of answers to the next. Only the child's own next delivery waits for it."""

    receiver_parallel_max: int = 16
    """Concurrent sends to one receiver: what an ordinary partner system serves without queueing."""

    receiver_queue_max: int = 256
    """Deliveries of one receiver that may wait here; the rest goes back, so others keep their room. At 16 in
    parallel and 100 ms each these are served in 1.6 s, well within the wait that is allowed before sending."""

    failures_before_caution: int = 3
    """After so many failures in a row a receiver gets one delivery at a time until one succeeds."""

    cautious_queue_max: int = 4
    """What may wait for a receiver that fails: enough to notice its recovery, too little to fill the process."""

    hand_back_seconds: float = 1.0
    """When a delivery that was handed back for lack of room may be claimed again."""

    lease_seconds: float = 45.0
    """Longer than the longest wait before sending plus a connector's own time limit, with slack for settling."""

    wait_before_send_max_seconds: float = 5.0
    """A delivery that waited longer after its claim goes back: consent must be fresh when something leaves."""

    send_limit_seconds: float = 30.0
    """A connector that breaks its promise to answer in time is cut off here and counts as a retry."""

    idle_wait_seconds: float = 1.0
    """Fallback poll of the loops beside the database's notifications; also finds retries that became due."""

    hold_batch_max: int = 100
    """Held events of one transaction of watch; rows are locked, so short transactions let machines share."""

    watch_every_seconds: float = 0.1
    """Shortest time from one look of an idle watch to the next. Nearly every event begins a term, which wakes it; each
    look is three transactions, and no term counts in less than minutes."""

    ring_batch_max: int = 200
    """Threads of one transaction of watch; they hold no content, so twice as many as held events take as long."""

    ring_again_seconds: float = 3600.0
    """A thread that a fault of ours keeps from being rung is tried again after this, and shows in the figures."""

    relay_every_seconds: float = 0.1
    """Shortest time from one batch of the outbox to the next. Nobody waits for these topics within a second, and each
    batch is two transactions and a request to the broker, however few rows it has."""

    retention_every_seconds: float = 60.0
    """Retention is counted in days; a minute's delay means nothing, and asking more often costs a query each time."""

    outbox_batch_max: int = 500
    """Outbox rows published before they are marked; a crash repeats at most so many, with the same row id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSecurity:
    """How the broker knows the worker: nothing (loopback), TLS with a client certificate, or SASL over TLS."""

    ssl_context: ssl.SSLContext | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    mechanism: str = "SCRAM-SHA-512"

    def client_options(self) -> ClientOptions:
        """Return the aiokafka arguments for clients outside Faust."""
        protocol = "SSL" if self.ssl_context else "PLAINTEXT"
        if self.username is None:
            return {"security_protocol": protocol, "ssl_context": self.ssl_context}
        return {
            "security_protocol": "SASL_SSL" if self.ssl_context else "SASL_PLAINTEXT",
            "ssl_context": self.ssl_context,
            "sasl_mechanism": self.mechanism,
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password,
        }
