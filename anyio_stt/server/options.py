"""What a server allows, and how long it waits."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ("ServerOptions",)

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class ServerOptions:
    """
    Limits and deadlines; times in seconds. They count for each worker separately.

    Args:
        keys: a client must send one of these; without any, everybody may use the server.
        hosts: the `Host` headers that are accepted; none for any. The default is loopback's names,
            because without keys, a web page could reach a server on loopback under another name.
        origins: other origins whose pages may call, such as `https://example.org`.
        max_streams: how many streams and recordings may run at once, for each key.
        max_queue: how many recordings may wait for their turn, for each key.
        queue_timeout: how long a recording waits before it is answered with 429.
        max_audio: seconds of audio in one stream or recording.
        max_body: bytes of one upload.
        client_timeout: how long a Deepgram client may send nothing, or any client may take for a
            piece of an upload.
        send_timeout: how long a client may take to read an answer.
        stall_timeout: how long the engine may take to make room for more audio.
        drain_timeout: how long the rest may take at the end of a stream or of the server.
        max_pending_audio: seconds of audio that may wait for the engine, for each stream.
        fetch_hosts: hosts from which recordings given by URL may be fetched.
    """

    keys: tuple[str, ...] = field(default=(), repr=False)
    hosts: tuple[str, ...] = _LOOPBACK
    origins: tuple[str, ...] = ()
    max_streams: int = 200
    max_queue: int = 100
    queue_timeout: float = 30.0
    max_audio: float = 4 * 3600.0
    max_body: int = 512 * 1024 * 1024
    client_timeout: float = 30.0
    send_timeout: float = 10.0
    stall_timeout: float = 60.0
    drain_timeout: float = 30.0
    max_pending_audio: float = 30.0
    fetch_hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if any(len(key) < 8 for key in self.keys):
            raise ValueError("a key has 8 characters or more")
        for name in ("max_streams", "max_audio", "max_body", "client_timeout", "send_timeout"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be more than 0, got {getattr(self, name)!r}")
