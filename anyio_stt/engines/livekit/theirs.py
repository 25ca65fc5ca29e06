"""The names of LiveKit that the bridge uses: whatever a new version moves, moves here."""

from __future__ import annotations

from typing import Any

try:
    import livekit.agents as _agents
    from livekit import rtc as _rtc
    from livekit.agents.utils import aio as _aio
    from livekit.agents.utils import http_context as _http_context
except ModuleNotFoundError as _missing:
    raise ImportError(
        f"LiveKit's plugins need {_missing.name}, which is not installed: "
        f"pip install 'anyio-stt[livekit]'",
        name=_missing.name,
    ) from _missing

__all__ = ("NOT_GIVEN", "agents", "aio", "http_session", "rtc", "stt")

agents: Any = _agents
aio: Any = _aio
rtc: Any = _rtc
stt: Any = _agents.stt
NOT_GIVEN: Any = _agents.NOT_GIVEN
http_session: Any = _http_context._ContextVar  # noqa: SLF001 - what makes a plugin's session
