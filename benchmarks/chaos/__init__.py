"""
What becomes of a minute of speech when things break: `python -m benchmarks.chaos`.

    scenarios.py   what breaks, and when: the same seeded faults for everybody
    server.py      a Deepgram server in a process of its own, which does wrong as a scenario says
    contestants/   who listens, a file each: what its users write, and nothing else
    client.py      one contestant's process: pushes the speech as it is spoken, notes what it hears
    score.py       what was lost, doubled and late
    report.py      the table and the chart

The clients run in environments that hold nothing of ours, so `client.py` and the contestants import
the standard library and their own library only.
"""
