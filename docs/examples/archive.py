"""
A podcast archive to Parquet: a row for each thing that was said, with its times.

    python archive.py OUT.parquet CLUSTER RECORDING...

CLUSTER is the address of a Dask scheduler, "local" for workers on this machine, or "-" for no
cluster. Recordings are files of a shared folder, or addresses: s3://, gs://, https://.
"""

from __future__ import annotations

import sys

import anyio
import pyarrow as pa
import pyarrow.parquet as pq

from anyio_stt.batch import BatchResult, transcribe_all
from anyio_stt.engines.pocketsphinx import PocketSphinxSTT

SCHEMA = pa.schema(
    [
        ("recording", pa.string()),
        ("start", pa.float64()),
        ("end", pa.float64()),
        ("speaker", pa.string()),
        ("text", pa.string()),
    ]
)


def table_of(result: BatchResult) -> pa.Table:
    """Return the rows of one recording."""
    rows = [
        {
            "recording": str(result.recording),
            "start": said.start_time,
            "end": said.end_time,
            "speaker": said.speaker_id,
            "text": said.text,
        }
        for said in result.segments
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


async def main(out: str, cluster: str, *recordings: str) -> None:
    """Write what is said in *recordings*; what could not be understood is named."""
    where = None if cluster == "-" else cluster
    with pq.ParquetWriter(out, SCHEMA) as parquet:
        async with transcribe_all(recordings, PocketSphinxSTT, cluster=where) as results:
            async for result in results:
                parquet.write_table(table_of(result))
                if result.error is not None:
                    print(f"{result.recording}: {result.error}", file=sys.stderr)


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
