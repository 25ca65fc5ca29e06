"""What LiveKit's inference process runs in place of its network; imported there."""

from __future__ import annotations

import json

from livekit.agents.inference_runner import _InferenceRunner

__all__ = ("MadeUpRunner",)


class MadeUpRunner(_InferenceRunner):  # type: ignore[misc]
    """Believes that nobody has finished who said "so" last."""

    INFERENCE_METHOD = "made_up"

    def initialize(self) -> None:
        """Load nothing."""

    def run(self, data: bytes) -> bytes | None:
        said = json.loads(data)["chat_ctx"][-1]["content"]
        return json.dumps({"eou_probability": 0.0 if said == "so" else 1.0}).encode()
