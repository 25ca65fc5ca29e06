"""
Network transports: websocket and HTTP over anyio; each of their errors is an `APIError`.

Import each from its own module: `websocket` needs wsproto, `http` needs httpx2. The extra of an
engine installs what it uses.
"""
