"""
Print, as rows of the table, the differences that the table does not have, and back.

With `record`, write down first what the installed LiveKit does.
"""

from __future__ import annotations

import sys

from .comparison import found, listed, row
from .subjects import LIVEKIT, livekit_seen, ours_seen, record

if sys.argv[1:] == ["record"]:
    record()
for version in LIVEKIT:
    seen, known = list(found(ours_seen("asyncio"), livekit_seen(version))), listed(version)
    for each in seen:
        if each not in known:
            print(f"new: {row(each, version)}")
    for each in known:
        if each not in seen:
            print(f"gone: {row(each, version)}")
