"""Who takes part, and what their environments hold."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ("CONTESTANTS", "ENVIRONMENTS", "Contestant")


@dataclass(frozen=True)
class Contestant:
    """
    One process.

    Args:
        name: what the report calls it.
        module: its file in this folder.
        argument: given to the file's `make`.
        environment: a key of `ENVIRONMENTS`.
        rows: the rows it is for; none for all.
    """

    name: str
    module: str
    argument: str
    environment: str
    rows: tuple[int, ...] = ()


ENVIRONMENTS: dict[str, tuple[str, ...]] = {
    "anyio_stt": ("--editable", "{checkout}[benchmarks]"),
    # 0.6.16 of the plugin is the newest that takes this version.
    "livekit-0.12.7": ("livekit-agents==0.12.7", "livekit-plugins-deepgram==0.6.16"),
    "livekit-latest": ("livekit-agents", "livekit-plugins-deepgram"),
    "bridge": (
        "--editable",
        "{checkout}[livekit,benchmarks]",
        "livekit-plugins-deepgram",
    ),
    "deepgram-sdk": ("deepgram-sdk", "websockets"),
    "pipecat": ("pipecat-ai",),
    "pipecat-deepgram": ("pipecat-ai[deepgram]",),
}

CONTESTANTS = (
    Contestant("anyio_stt-asyncio", "anyio_stt", "asyncio", "anyio_stt"),
    Contestant("anyio_stt-uvloop", "anyio_stt", "uvloop", "anyio_stt"),
    Contestant("anyio_stt-trio", "anyio_stt", "trio", "anyio_stt"),
    # What every installation resamples with; the extra `soxr` makes it the contestants above.
    Contestant("anyio_stt-samplerate", "anyio_stt", "samplerate", "anyio_stt", rows=(8,)),
    Contestant("livekit-0.12.7", "livekit", "", "livekit-0.12.7"),
    Contestant("livekit-latest", "livekit", "", "livekit-latest"),
    Contestant("deepgram-sdk", "deepgram_sdk", "", "deepgram-sdk", rows=(13,)),
    # The rest makes no sense for it: it has no resampler of streams, its engines run elsewhere.
    Contestant("pipecat", "pipecat", "", "pipecat", rows=(1, 2, 3, 4, 5, 6, 9, 10)),
    Contestant("limit-asyncio", "limits", "asyncio", "anyio_stt"),
    Contestant("limit-trio", "limits", "trio", "anyio_stt"),
)
