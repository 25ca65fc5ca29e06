"""Logs as JSON: a line for each record; what was said is in none unless it is asked for."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable
from datetime import datetime, timezone

from ..events import SpeechEvent, SpeechEventType
from ..stream import RecognizeStream
from ..stt import STT

__all__ = ("JSONFormatter", "log_to_stderr", "log_transcripts")

_OF_CONNECTIONS = ("client_connected_cb", "connection_made")
_logger = logging.getLogger("anyio_stt.server")


class JSONFormatter(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        when = datetime.fromtimestamp(record.created, timezone.utc)
        line = {
            "time": when.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_to_stderr(*, as_json: bool, level: int = logging.INFO) -> None:
    """Write what the library and its server log to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JSONFormatter() if as_json else plain)
    for name in ("anyio_stt", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)
    logging.getLogger("asyncio").addFilter(_one_line_for_connections)


def _one_line_for_connections(record: logging.LogRecord) -> bool:
    """Shorten what hypercorn lets escape of connections that were lost, or spoke nonsense."""
    message = record.getMessage()
    if record.exc_info and any(name in message for name in _OF_CONNECTIONS):
        record.msg, record.args = f"a connection was given up: {record.exc_info[1]}", ()
        record.levelno, record.levelname, record.exc_info = logging.INFO, "INFO", None
    return True


def log_transcripts(engines: Iterable[STT]) -> None:
    """Log each final too."""

    def told(_: RecognizeStream, event: SpeechEvent) -> None:
        if event.type is SpeechEventType.FINAL_TRANSCRIPT and event.alternatives:
            _logger.info("said: %s", event.alternatives[0].text)

    for stt in engines:
        stt.on("speech_event", told)
