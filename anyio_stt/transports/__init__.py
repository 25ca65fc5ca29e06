"""
The way to engines on the network: websocket and HTTP over anyio, one exception table each.

Import what you need from its own module: `websocket` needs wsproto, `http` needs httpx2, and an
engine's extra installs what that engine uses.
"""
