"""
Network transports: websocket and HTTP over anyio, with their errors mapped to `APIError`s.

Import each from its own module: `websocket` needs wsproto, `http` needs httpx2. The extra of an
engine installs what it uses.
"""
