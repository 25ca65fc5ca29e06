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
    logger = logging.getLogger("anyio_stt")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(level)


def log_transcripts(engines: Iterable[STT]) -> None:
    """Log each final too."""

    def told(_: RecognizeStream, event: SpeechEvent) -> None:
        if event.type is SpeechEventType.FINAL_TRANSCRIPT and event.alternatives:
            _logger.info("said: %s", event.alternatives[0].text)

    for stt in engines:
        stt.on("speech_event", told)
