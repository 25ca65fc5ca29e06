"""pip's own files and variables say where packages come from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from anyio_stt.models.pip_settings import PipSettings, read_pip_settings


def environ(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path / "none"), **more}


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
def test_the_users_file_is_read_and_variables_count_more(tmp_path: Path) -> None:
    (tmp_path / ".config" / "pip").mkdir(parents=True)
    (tmp_path / ".config" / "pip" / "pip.conf").write_text(
        "[global]\nindex_url = https://a/simple\nextra-index-url =\n  https://b/x\n  https://c/x\n"
        "proxy = http://p:1\ntrusted-host = a b\ntimeout = 7\n[install]\nfind-links = /wheels\n"
    )
    PipSettings()

    read = read_pip_settings(environ(tmp_path, PIP_INDEX_URL="https://d/simple", PIP_CERT="/c.pem"))

    assert read.indexes == ("https://d/simple", "https://b/x", "https://c/x")
    assert read.find_links == ("/wheels",)
    assert (read.proxy, read.cert, read.timeout) == ("http://p:1", "/c.pem", 7)
    assert read.trusted_hosts == ("a", "b")


def test_a_file_of_ones_own_and_no_index(tmp_path: Path) -> None:
    (tmp_path / "own.conf").write_text("[global]\nno-index = true\nfind-links = file:///x y\n")

    read = read_pip_settings(environ(tmp_path, PIP_CONFIG_FILE=str(tmp_path / "own.conf")))

    assert read.indexes == ()
    assert read.find_links == ("file:///x", "y")


def test_without_any_files_it_is_pypi(tmp_path: Path) -> None:
    assert read_pip_settings({"PIP_CONFIG_FILE": os.devnull}) == PipSettings()
    (tmp_path / "broken.conf").write_text("no section\n")
    broken = read_pip_settings({"PIP_CONFIG_FILE": str(tmp_path / "broken.conf")})
    assert broken.indexes[-1:] or broken.indexes == ()


def test_pip_itself_reads_the_same(tmp_path: Path) -> None:
    pytest.importorskip("pip")
    own = tmp_path / "pip.conf"
    own.write_text("[global]\nindex-url = https://mirror/simple\n[download]\nproxy = http://p:3\n")
    variables = environ(
        tmp_path, PIP_CONFIG_FILE=str(own), PIP_TIMEOUT="3", PATH=os.environ["PATH"]
    )
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        env=variables, capture_output=True, text=True, timeout=50, check=True,
    ).stdout  # fmt: skip

    read = read_pip_settings(variables)

    assert f"'{read.indexes[0]}'" in listed
    assert f"'{read.proxy}'" in listed
    assert read.timeout == 3
