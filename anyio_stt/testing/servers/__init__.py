"""
Test servers in this process, on loopback: they speak a provider's protocol and break it on purpose.

    async with DeepgramServer([Fault(Action.RESET, Moment.FINAL)]) as server:
        async with DeepgramSTT(base_url=server.base_url, api_key=server.api_key) as stt:
            ...

They recognise the words of `say_words`, so that lost or doubled words show.
"""

from .deepgram import DeepgramServer as DeepgramServer
from .faults import Action as Action
from .faults import Fault as Fault
from .faults import Moment as Moment
from .openai import OpenAIServer as OpenAIServer
from .server import FaultServer as FaultServer
from .server import refused_port as refused_port
from .vosk import VoskServer as VoskServer
from .words import say_words as say_words
from .words import word_name as word_name
from .wyoming import WyomingServer as WyomingServer

__all__ = (
    "Action",
    "DeepgramServer",
    "Fault",
    "FaultServer",
    "Moment",
    "OpenAIServer",
    "VoskServer",
    "WyomingServer",
    "refused_port",
    "say_words",
    "word_name",
)
