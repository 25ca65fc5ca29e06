"""
Any engine, behind the protocols that clients speak already.

    async with PocketSphinxSTT() as stt:
        app = Application(Service(Models({"pocketsphinx": stt})))

is an ASGI application; `anyio-stt serve` runs it. Needs the extra `[server]`.
"""

try:
    import hypercorn as _hypercorn  # noqa: F401
    import starlette as _starlette  # noqa: F401
except ImportError as _missing:
    raise ImportError(
        f"anyio_stt.server needs {_missing.name}, which is not installed: "
        "pip install 'anyio-stt[server]'",
        name=_missing.name,
    ) from _missing

from .app import Application as Application
from .models import Models as Models
from .options import ServerOptions as ServerOptions
from .service import Service as Service

__all__ = ("Application", "Models", "ServerOptions", "Service")
