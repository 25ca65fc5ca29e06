"""
Live streams of 20 ms frames against `anyio-stt serve`, over Deepgram's protocol.

    python -m benchmarks.server_load --streams 200 --seconds 20 --backend asyncio --workers 1

The server runs in processes of its own, and so does the load, whose share of a core is told apart.
What is measured is the time from when a frame was sent to when the event about it came.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import platform
import random
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

FRAME = 0.02
RATE = 16000
PCM = bytes(round(RATE * FRAME) * 2)
# Masked with zeros, so that masking costs the load nothing.
MESSAGE = b"\x82\xfe" + len(PCM).to_bytes(2, "big") + bytes(4) + PCM
CLOSE = json.dumps({"type": "CloseStream"}).encode()
GOODBYE = b"\x81" + bytes([0x80 | len(CLOSE)]) + bytes(4) + CLOSE
TARGET = "/v1/listen?encoding=linear16&sample_rate=16000&interim_results=true"


class Stream:
    def __init__(self, port: int) -> None:
        self.port = port
        self.sent: list[float] = []
        self.delays: list[float] = []
        self.late = 0.0
        self.done = False

    async def run(self, seconds: float) -> None:
        await asyncio.sleep(random.random())
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET {TARGET} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in head, head
        reading = asyncio.create_task(self.read(reader))
        begun = time.perf_counter()
        for number in range(round(seconds / FRAME)):
            due = begun + number * FRAME
            now = time.perf_counter()
            if due > now:
                await asyncio.sleep(due - now)
            self.late = max(self.late, time.perf_counter() - due)
            self.sent.append(time.perf_counter())
            writer.write(MESSAGE)
        writer.write(GOODBYE)
        await asyncio.wait_for(reading, 30)
        writer.close()

    async def read(self, reader: asyncio.StreamReader) -> None:
        while True:
            first, second = await reader.readexactly(2)
            size = second & 127
            if size == 126:
                size = int.from_bytes(await reader.readexactly(2), "big")
            data = await reader.readexactly(size)
            now = time.perf_counter()
            if first & 15 == 8:
                return
            body = json.loads(data)
            if body["type"] == "Metadata":
                self.done = True
            elif body["type"] == "Results" and body["channel"]["alternatives"][0]["transcript"]:
                frame = round((body["start"] + body["duration"]) / FRAME) - 1
                self.delays.append(now - self.sent[frame])


def usage_of(pids: list[int]) -> tuple[float, float]:
    """Return the seconds of processor and the KiB of memory of *pids*."""
    seconds = kib = 0.0
    tick = os.sysconf("SC_CLK_TCK")
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        seconds += (int(fields[11]) + int(fields[12])) / tick
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                kib += int(line.split()[1])
    return seconds, kib


def processes_of(pid: int, workers: int) -> list[int]:
    if workers == 1:
        return [pid]
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(each) for each in children]


async def measure(options: argparse.Namespace, port: int, pid: int) -> None:
    pids = processes_of(pid, options.workers)
    warm = [Stream(port) for _ in range(4)]
    await asyncio.gather(*(each.run(0.5) for each in warm))
    used, before = usage_of(pids)
    own = resource.getrusage(resource.RUSAGE_SELF)
    begun = time.perf_counter()
    streams = [Stream(port) for _ in range(options.streams)]
    tasks = [asyncio.create_task(each.run(options.seconds)) for each in streams]
    await asyncio.sleep(options.seconds * 0.8)
    _, during = usage_of(pids)
    await asyncio.gather(*tasks)
    took = time.perf_counter() - begun
    after = usage_of(pids)[0]
    mine = resource.getrusage(resource.RUSAGE_SELF)
    delays = sorted(delay for each in streams for delay in each.delays)
    at = lambda share: delays[min(int(len(delays) * share), len(delays) - 1)] * 1000  # noqa: E731
    late = median(sorted(each.late for each in streams)) * 1000
    load = mine.ru_utime + mine.ru_stime - own.ru_utime - own.ru_stime
    print(
        f"{options.backend}, {options.workers} worker(s), {options.streams} streams of 20 ms "
        f"frames for {options.seconds:g} s: {len(delays)} events; frame to event p50 "
        f"{at(0.5):.1f} ms, p99 {at(0.99):.1f} ms, most {delays[-1] * 1000:.1f} ms; server "
        f"{(after - used) / took * 100:.0f} % of a core, load {load / took * 100:.0f} %; memory "
        f"{(during - before) / options.streams:.0f} KiB a stream; the load's own frames were "
        f"up to {late:.1f} ms late (median); {sum(each.done for each in streams)} ended in order; "
        f"Python {platform.python_version()}, {os.cpu_count()} cores"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--backend", choices=("asyncio", "trio"), default="asyncio")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--profile", help="write cProfile's figures of the server there")
    options = parser.parse_args()
    profile = ["-m", "cProfile", "-o", options.profile] if options.profile else []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, *profile, "-m", "anyio_stt", "serve", "--engine",
        "benchmarks.server_engine:AnsweringSTT", "--port", str(port), "--backend",
        options.backend, "--workers", str(options.workers), "--max-streams", "2000",
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(port)
            time.sleep(1.0)
            asyncio.run(measure(options, port, server.pid))
        finally:
            server.terminate()


def wait_for(port: int) -> None:
    for _ in range(600):
        with socket.socket() as knocking:
            if knocking.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(port)


if __name__ == "__main__":
    main()
