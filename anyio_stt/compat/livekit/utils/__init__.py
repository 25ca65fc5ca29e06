"""What speech recognition uses of LiveKit's `agents.utils`."""

from __future__ import annotations

from ....audio.frame import AudioBuffer as AudioBuffer
from ....audio.frame import combine_frames as combine_frames
from ..types import is_given as is_given
from . import aio as aio
from . import audio as audio
from . import http_context as http_context
from . import misc as misc
from .log import log_exceptions as log_exceptions
from .misc import shortuuid as shortuuid

__all__ = (
    "AudioBuffer",
    "combine_frames",
    "is_given",
    "log_exceptions",
    "merge_frames",
    "shortuuid",
)

merge_frames = combine_frames
