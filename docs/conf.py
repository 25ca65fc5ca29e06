"""How the pages become a site: `sphinx-build -n -W -b html docs OUT`; needs no network."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "anyio_stt"
author = "The anyio_stt developers"
copyright = author  # noqa: A001 - Sphinx's name for it
release = version = installed_version("anyio-stt")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "myst_parser",
    "docstrings",
    "drawn",
    "figures",
]
exclude_patterns = ["_build", "**/README.md"]
nitpicky = True
# Types of others: their inventories are on the network, and the build does without.
OTHERS = (
    r"abc|anyio|collections|contextlib|logging|datetime|enum|httpx2|hypothesis|livekit|numpy|np|npt|opentelemetry|os|pathlib"
    r"|prometheus_client|random|ssl|types|typing|typing_extensions|wsproto"
)
nitpick_ignore_regex = [
    ("py:.*", rf"({OTHERS})\..*"),
    (
        "py:.*",
        r"optional|AbstractAsyncContextManager|TaskGroup|Self|TypeIs|T|TypedAttributeSet|_Frames",
    ),
    # What users are given and never name: these are annotations in signatures.
    ("py:class", r"anyio_stt\..*\.(\w+Stream|Member|EventT|_?T|R)"),
    ("py:.*", r"anyio_stt\.(audio\.losses\.Losses|engines\.sherpa\.model_kinds\.FoundModel)"),
    ("py:class", r"anyio_stt\.audio\.capture\.Capture"),
    ("py:.*", r"anyio_stt\.server\.(models\.Model|service\.Live)|ClientError|BusyError"),
    ("py:.*", r"(anyio_stt\._core\.attempt\.)?(EventSink|Attempt)|anyio_stt\.compat\..*\.T"),
    ("py:class", r"anyio_stt\.testing\.servers\.\w+\.(\w*Service|WebRequest|WebResponse|Link)"),
    ("py:class", r"(anyio_stt\.workers\.wire\.Message|WorkerPool|ThreadPool|LocalSTT)"),
]

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3
highlight_language = "default"

autodoc_mock_imports = ["livekit", "pipecat"]  # large, and described by its own documentation
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True}
autoclass_content = "class"
maximum_signature_line_length = 88
napoleon_numpy_docstring = False
napoleon_use_rtype = False
add_module_names = False

html_theme = "furo"
html_title = f"anyio_stt {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
