"""The house rules that a program can check: which file imports which, how long, what is public."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import TypeVar

import pytest

import anyio_stt

ROOT = Path(anyio_stt.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))

# From the lowest layer to the highest: a file imports from its own layer or from lower ones.
LAYERS = [
    {"exceptions", "events", "moments", "options", "metrics", "voice", "audio"},
    {"_rules", "wire"},
    {"_util"},
    {"_core", "_measuring"},
    {"_voice", "_turns"},
    {"stt", "stream", "transcription", "vad", "windowed_vad", "following", "utterances", "turns"},
    {"transports", "adapters", "workers", "models"},
    {"detectors"},
    {"engines", "observability", "compat"},
    {"batch"},
    {"testing", "server", "cli", "__main__"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
# Which of a layer's parts may not import which others of it.
STRANGERS = [
    ("_rules", "wire"),
    ("transports", "adapters"),
    ("engines", "observability"),
    ("testing", "cli"),
    ("testing", "server"),
]

# Why a file may do what others may not.
EVENT_LOOPS = {
    "testing/clock.py",  # virtual time has to know the loop it replaces
    "testing/backends.py",  # these two ask the event loop what no other can tell
    "testing/cancellation.py",
}
WALL_CLOCK = {
    "_util/clock.py",  # metrics say when they were made
    "testing/conformance/stalls.py",  # a loop that stands still shows in real seconds only
}
KNOWS_ANYIO = {
    "exceptions.py",  # StreamFullError is an anyio.WouldBlock
    "audio/arriving.py",  # read without holding up the event loop
    "audio/bell.py",  # wakes a task from the device's thread
    "audio/microphone.py",
    "audio/reader.py",
    "audio/reading.py",
    "audio/descriptors.py",  # waits for what arrives
}
LONGEST = 300
# To be split; a file that has become short again must leave this list.
LONG: set[str] = set()


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def part_of(name: str) -> str:
    """The part of the house that a file belongs to: a folder, or the stem of a file."""
    return name.split("/")[0].removesuffix(".py")


def imported_modules(path: Path) -> Iterator[tuple[str, ast.stmt]]:
    """Find what a file imports, as absolute names; imports for type checkers do not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    package = ["anyio_stt", *path.relative_to(ROOT).parent.parts]
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = [*base, *(node.module.split(".") if node.module else [])]
            for alias in node.names:
                yield ".".join([*source, alias.name]), node


def own_imports(path: Path) -> Iterator[list[str]]:
    for name, _ in imported_modules(path):
        parts = name.split(".")
        if parts[0] == "anyio_stt" and len(parts) > 1:
            yield parts[1:]


INSIDE = [path for path in MODULES if path != ROOT / "__init__.py"]


@pytest.mark.parametrize("path", INSIDE, ids=name_of)
def test_imports_point_down_the_layers(path: Path) -> None:
    part = part_of(name_of(path))
    assert part in LEVEL, f"{part} has no layer: put it where design.md says"
    # The command is the user's side: it may say `from anyio_stt import` like any user.
    for target, *_ in own_imports(path):
        if target not in LEVEL:
            assert LEVEL[part] == len(LAYERS) - 1, f"{name_of(path)} imports the top of the house"
            continue
        assert LEVEL[target] <= LEVEL[part], f"{name_of(path)} imports {target}, which is above it"
        for strangers in STRANGERS:
            assert {part, target} != set(strangers), f"{name_of(path)} imports {target}"


@pytest.mark.parametrize("path", INSIDE, ids=name_of)
def test_engines_know_neither_one_another_nor_adapters(path: Path) -> None:
    name = name_of(path)
    if part_of(name) != "engines" or name.count("/") < 2:
        return
    mine = name.split("/")[1]
    for target in own_imports(path):
        assert target[0] != "adapters"
        if target[0] == "engines" and len(target) > 2:
            assert target[1] == mine, f"{name} imports the engine {target[1]}"


@pytest.mark.parametrize("path", INSIDE, ids=name_of)
def test_adapters_use_public_names_only(path: Path) -> None:
    if part_of(name_of(path)) != "adapters":
        return
    for target in own_imports(path):
        own = target[0] == "adapters"
        private = [part for part in target if part.startswith("_")]
        assert own or not private, f"{name_of(path)} imports {'.'.join(target)}"


@pytest.mark.parametrize("path", INSIDE, ids=name_of)
def test_values_and_rules_know_no_event_loop(path: Path) -> None:
    name = name_of(path)
    if LEVEL.get(part_of(name), 9) > LEVEL["_rules"]:
        return
    for module, _ in imported_modules(path):
        top = module.split(".")[0]
        assert top != "anyio" or name in KNOWS_ANYIO, f"{name} imports {module}"
        assert top not in {"time", "threading", "socket", "subprocess"}, f"{name} imports {module}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_exempted_files_know_an_event_loop_or_the_clock(path: Path) -> None:
    name = name_of(path)
    for module, _ in imported_modules(path):
        top = module.split(".")[0]
        if top in {"asyncio", "trio", "sniffio"}:
            assert name in EVENT_LOOPS, f"{name} imports {module}"
        if top == "time":
            assert name in WALL_CLOCK, f"{name} imports {module}"


def test_every_exemption_is_used() -> None:
    names = {name_of(path) for path in MODULES}
    assert names >= EVENT_LOOPS | WALL_CLOCK | LONG


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_files_are_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert (lines < LONGEST) != (name_of(path) in LONG), f"{name_of(path)} has {lines} lines"


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each function with the lines of its body, its docstring not counted."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            last = node.end_lineno or node.lineno
            yield node.name, last - body[0].lineno + 1 if body else 0


def test_functions_are_short() -> None:
    sizes = [size for path in MODULES for _, size in functions(path)]
    assert median(sizes) <= 8


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_function_is_long(path: Path) -> None:
    assert [(name, size) for name, size in functions(path) if size > 60] == []


# ---- what is public


def _module_of(path: Path) -> str:
    name = path.relative_to(ROOT.parent).with_suffix("").as_posix().replace("/", ".")
    return name.removesuffix(".__init__")


def public_modules() -> list[str]:
    return [_module_of(path) for path in MODULES if path.stem != "__main__"]


def defined_names(module: str, *, imported: bool = True) -> set[str]:
    """The public names that a module's own source defines, or imports under their own name."""
    path = ROOT.parent.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    names: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.ImportFrom) and imported:
            names |= {each.asname for each in node.names if each.asname == each.name}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif isinstance(node, ast.Assign):
            names |= {each.id for each in node.targets if isinstance(each, ast.Name)}
    return {name for name in names if not name.startswith("_")}


@pytest.mark.parametrize("name", public_modules())
def test_all_names_what_a_module_gives_and_no_more(name: str) -> None:
    try:
        module = importlib.import_module(name)
    except ImportError as exc:
        pytest.skip(f"an extra is missing: {exc}")
    exported = getattr(module, "__all__", None)
    defined = defined_names(name)
    if exported is None:
        assert not defined or name.endswith("__init__"), f"{name} has no __all__"
        return
    assert isinstance(exported, tuple)
    assert list(exported) == sorted(exported, key=_ruff_order), f"{name}.__all__ is not in order"
    assert len(set(exported)) == len(exported)
    for each in exported:
        assert hasattr(module, each), f"{name}.__all__ names {each}, which is not there"
    assert set(exported) <= defined | {each for each in exported if each.startswith("_")}


def _ruff_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest, as ruff sorts them."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


@pytest.mark.parametrize("name", public_modules())
def test_every_public_name_of_a_module_is_in_its_all(name: str) -> None:
    try:
        module = importlib.import_module(name)
    except ImportError as exc:
        pytest.skip(f"an extra is missing: {exc}")
    exported = set(getattr(module, "__all__", ()))
    public = {
        each
        for each in defined_names(name, imported=False)
        # Not what is defined for type checkers only, and not a name that another module made.
        if getattr(vars(module).get(each), "__module__", name) in {name, "typing"}
        and each in vars(module)
        and not isinstance(vars(module)[each], TypeVar)
    }
    assert public <= exported, f"{name}.__all__ leaves out {sorted(public - exported)}"


def undocumented(path: Path) -> Iterator[str]:
    """Find public functions, classes and methods of public classes without a docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if ast.get_docstring(tree) is None and path.name != "__init__.py":
        yield "the module"
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in tree.body:
        if isinstance(node, kinds) and not node.name.startswith("_"):
            if not _is_documented(node):
                yield node.name
            if isinstance(node, ast.ClassDef):
                yield from _undocumented_methods(path, node)


def _undocumented_methods(path: Path, owner: ast.ClassDef) -> Iterator[str]:
    bases = getattr(importlib.import_module(_module_of(path)), owner.name).__mro__[1:]
    for inner in owner.body:
        if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
            # What a base promises holds for what overrides it.
            inherited = any(inner.name in vars(base) for base in bases)
            if not (inner.name.startswith("_") or inherited or _is_documented(inner)):
                yield f"{owner.name}.{inner.name}"


def _is_documented(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    signature_only = ast.unparse(node.body[-1]) == "..."  # of a protocol, or an overload
    return ast.get_docstring(node) is not None or signature_only


PUBLIC_FILES = [
    path
    for path in MODULES
    if part_of(name_of(path)) not in {"_core", "_rules", "cli", "__main__"}
    and not any(each.startswith("_") and each != "__init__.py" for each in path.parts[-2:])
]


@pytest.mark.parametrize("path", PUBLIC_FILES, ids=name_of)
def test_public_names_have_docstrings(path: Path) -> None:
    try:
        importlib.import_module(_module_of(path))
    except ImportError as exc:
        pytest.skip(f"an extra is missing: {exc}")
    assert list(undocumented(path)) == []
