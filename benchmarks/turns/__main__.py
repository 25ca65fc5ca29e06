"""
How soon turns end, and how many are cut off: `python -m benchmarks.turns`.

    --audio FOLDER   WAVs of 16 kHz and a TRANSCRIPTS.tsv (columns `file` and `transcript`);
                     without it, the little speech that the project made itself
    --engines a,b    only these
    --quick          one conversation of two sentences, to see that it works
    --cost           only what turns() itself takes, with an engine that takes nothing
    --write          put table and chart, or the cost, into docs/guides/turns.md

Conversations are made of the recordings: pauses of 0.2 to 1.5 s inside of sentences, where they
are quietest, and 2 s between turns; the seeds are fixed. Engines hear them at the pace of speech,
all at once, clean and with white noise 15 dB below the speech. What they said is then judged by
every rule. A turn is cut off when it was ended before its last word; its delay runs from there to
EndOfTurn. Turns are run together where none came before the next began.
"""

from __future__ import annotations

import argparse
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import anyio
import numpy as np

from anyio_stt import AudioFrame
from anyio_stt._rules.turns import Question

from ..accuracy import RATE, own_recordings, recordings_in
from .conversations import Conversation, conversation
from .cost import own_cost
from .hearing import listen_all
from .report import Measured, chart, report, write, write_cost
from .rules import Judge, outcome, rules

ENGINES = ("sherpa", "pocketsphinx")
_SEEDS, _NOISES = (1, 2), (None, 15)


def judge_of(detector: Any, talk: Conversation, spent: list[float]) -> Judge:
    """Return what *detector* says of *talk*; asked once about each place."""

    @cache
    def at(position: int) -> float:
        samples = talk.samples[max(0, position - 8 * RATE) : position]
        began = time.process_time()
        answer = float(detector.judge(AudioFrame.from_array(samples, RATE), "", "", 0.0))
        spent.append(time.process_time() - began)
        return answer

    def judge(question: Question) -> float:
        return at(round(question.position * 100) * RATE // 100)

    return judge


def measure(name: str, talks: list[Conversation], detector: Any) -> Measured:
    from anyio_stt.engines import load_engine

    make: Any = load_engine(name)
    make()
    heard, cost = anyio.run(listen_all, make, talks)
    spent: list[float] = []
    judges = [judge_of(detector, talk, spent) for talk in talks]
    measured = Measured(name, cost)
    for noise in dict.fromkeys(talk.name for talk in talks):
        several = [
            (talk, ticks, judge)
            for talk, ticks, judge in zip(talks, heard, judges, strict=True)
            if talk.name == noise
        ]
        for rule in rules():
            if detector is not None or not rule.asks:
                measured.outcomes[noise, rule] = outcome(several, rule, takes=0.15)
    measured.question = float(np.median(spent)) if spent else 0.0
    return measured


def smart_turn() -> Any:
    try:
        from anyio_stt.detectors import SmartTurn

        detector = SmartTurn()
    except (ImportError, LookupError) as exc:
        print(f"without SmartTurn: {exc}", file=sys.stderr)
        return None
    detector.judge(AudioFrame(bytes(2 * RATE), RATE, 1, RATE), "", "", 0.0)
    return detector


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--audio", type=Path)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--cost", action="store_true")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    if asked.cost:
        cost = own_cost(*((5, 5.0, 1) if asked.quick else ())).report()
        print(cost)
        if asked.write:
            write_cost(cost)
        return
    recordings = recordings_in(asked.audio) if asked.audio else own_recordings()
    seeds, noises = ((1,), (None,)) if asked.quick else (_SEEDS, _NOISES)
    talks = [
        conversation(recordings[:2] if asked.quick else recordings, seed, noise)
        for noise in noises
        for seed in seeds
    ]
    detector, results = smart_turn(), []
    for name in asked.engines.split(","):
        began = time.perf_counter()
        try:
            results.append(measure(name, talks, detector))
        except (ImportError, LookupError) as exc:
            print(f"{name}: {exc}", file=sys.stderr)
            continue
        print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
    if not results:
        sys.exit("no engine could be measured")
    text = report(results, talks)
    print(text)
    if asked.write:
        write(text, chart(results))


if __name__ == "__main__":
    main()
