"""
What the library costs, beside LiveKit Agents and beside the limit: `python -m benchmarks`.

    rows/          the workloads, a file each, written once for all contestants
    contestants/   who does the work, a file each: what differs between them, and nothing else
    kit.py         what a workload asks of a contestant
    worker.py      one contestant's process: is told a row, does it once, answers with numbers
    runner.py      starts the workers and lets them work in turn
    environments.py  a virtual environment for each, made with pip and kept
    summary.py table.py chart.py   numbers into medians, text, a picture

The workers import this package in environments that hold nothing of ours, so `kit.py`, `rows/`
and `worker.py` import the standard library only.
"""
