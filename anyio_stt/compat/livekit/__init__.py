"""
The names that code written for LiveKit Agents imports, with what stands for them here.

`livekit.agents` becomes `anyio_stt.compat.livekit`, and `from livekit import rtc` becomes
`from anyio_stt.compat.livekit import rtc`. What is not there is missing by design: see
"Coming from LiveKit" in the documentation.
"""

from __future__ import annotations

from ...exceptions import APIConnectionError as APIConnectionError
from ...exceptions import APIError as APIError
from ...exceptions import APIStatusError as APIStatusError
from ...exceptions import APITimeoutError as APITimeoutError
from . import rtc as rtc
from . import stt as stt
from . import utils as utils
from . import vad as vad
from .errors import create_api_error_from_http as create_api_error_from_http
from .language import LanguageCode as LanguageCode
from .plugin import Plugin as Plugin
from .plugin import logger as logger
from .types import DEFAULT_API_CONNECT_OPTIONS as DEFAULT_API_CONNECT_OPTIONS
from .types import NOT_GIVEN as NOT_GIVEN
from .types import APIConnectOptions as APIConnectOptions
from .types import NotGiven as NotGiven
from .types import NotGivenOr as NotGivenOr
from .types import TimedString as TimedString

__all__ = (
    "DEFAULT_API_CONNECT_OPTIONS",
    "NOT_GIVEN",
    "APIConnectOptions",
    "APIConnectionError",
    "APIError",
    "APIStatusError",
    "APITimeoutError",
    "LanguageCode",
    "NotGiven",
    "NotGivenOr",
    "Plugin",
    "TimedString",
    "create_api_error_from_http",
    "logger",
)
