"""What a server counts, in Prometheus's words, where its client is installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from .models import Models

__all__ = ("ServerMetrics",)

_INSTALL = "# metrics need prometheus-client: pip install 'anyio-stt[server]'\n"


class ServerMetrics:
    """
    Counts requests and streams, and what the engines do.

    Args:
        models: whose engines are observed.
        worker: which process this is.
    """

    def __init__(self, models: Models, worker: str) -> None:
        self._registry: Any = None
        if find_spec("prometheus_client") is None:
            return
        from prometheus_client import CollectorRegistry, Counter, Gauge

        from ..observability.prometheus import PrometheusObserver

        self._registry = CollectorRegistry()
        self._worker = worker
        self._requests = Counter(
            "requests", "Requests, by protocol and what they were answered.",
            ["protocol", "status", "worker"], "anyio_stt_server", registry=self._registry,
        )  # fmt: skip
        self._open = Gauge(
            "streams_open", "Streams that clients have open.", ["protocol", "worker"],
            "anyio_stt_server", registry=self._registry,
        )  # fmt: skip
        self._lost = Counter(
            "lost_seconds", "Audio that clients were told is lost.", ["protocol", "worker"],
            "anyio_stt_server", registry=self._registry,
        )  # fmt: skip
        observer = PrometheusObserver(self._registry)
        for name in models.names:
            observer.observe(models.find(name).stt)

    def answered(self, protocol: str, status: int) -> None:
        """Count a request."""
        if self._registry is not None:
            self._requests.labels(protocol, str(status), self._worker).inc()

    def opened(self, protocol: str, change: int) -> None:
        """Count a stream that is opened (1) or closed (-1)."""
        if self._registry is not None:
            self._open.labels(protocol, self._worker).inc(change)

    def lost(self, protocol: str, seconds: float) -> None:
        """Count lost audio."""
        if self._registry is not None:
            self._lost.labels(protocol, self._worker).inc(seconds)

    def text(self) -> bytes:
        """Write everything that was counted."""
        if self._registry is None:
            return _INSTALL.encode()
        from prometheus_client import generate_latest

        return bytes(generate_latest(self._registry))
