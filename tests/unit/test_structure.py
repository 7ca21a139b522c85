"""What keeps the code easy to find."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from shipped_packages import SHIPPED

REPOSITORY = Path(__file__).resolve().parents[2]
CODE = {
    path.relative_to(REPOSITORY).as_posix(): path.read_text()
    for folder in (*SHIPPED, "bench", "docs", "tests")
    for path in sorted((REPOSITORY / folder).rglob("*.py"))
}
#: Files of tests that are about the repository and not about a module.
ABOUT_ALL = {"docs", "fault_coverage", "structure"}


def test_files_of_unit_tests_are_named_after_a_module_or_package() -> None:
    known = set(ABOUT_ALL)
    for name in CODE:
        *folders, module = name.removesuffix(".py").split("/")
        parts = folders if module == "__init__" else [*folders, module]
        known |= {"_".join(parts[at:]) for at in range(len(parts))}
        known |= set(folders)
    files = (Path(name).stem for name in CODE if name.startswith("tests/unit/test_"))
    assert [file for file in files if file.removeprefix("test_") not in known] == []


def test_whatever_may_be_skipped_is_there() -> None:
    lines = (REPOSITORY / ".ci" / "allowed-skips.txt").read_text().splitlines()
    for line in filter(None, (line.partition("#")[0].strip() for line in lines)):
        classname, name = line.split("::")
        module = CODE[(classname or name).replace(".", "/") + ".py"]
        assert not classname or f"def {name}(" in module


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> int:
    """Count the lines of a function without its docstring, comments and blank lines."""
    first, *_ = function.body
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    text = range(first.lineno, (first.end_lineno or 0) + 1) if is_text else range(0)
    numbers = range(function.lineno, (function.end_lineno or 0) + 1)
    kept = (lines[number - 1].strip() for number in numbers if number not in text)
    return sum(bool(line) and not line.startswith("#") for line in kept)


def shipped() -> Iterator[tuple[str, str]]:
    return ((name, text) for name, text in CODE.items() if name.partition("/")[0] in SHIPPED)


def test_functions_fit_on_a_screen() -> None:
    long = [
        f"{name}: {node.name}"
        for name, text in shipped()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and code_lines(node, text.splitlines()) > 45
    ]
    assert long == []


def test_files_hold_one_topic() -> None:
    lengths = {name: text.count("\n") for name, text in CODE.items()}
    long = {name for name, length in lengths.items() if length > 400}
    assert long == {"talentcast/domain/tables.py"}
    flows = sum(length for name, length in lengths.items() if name.startswith("flows/"))
    steps = sum(length for name, length in lengths.items() if name.startswith("flows/steps/"))
    assert flows - steps < 900
    assert sum(lengths[name] for name in lengths if name.startswith("talentcast/")) < 8000


def test_no_two_classes_share_a_name() -> None:
    names = Counter(
        node.name
        for _, text in shipped()
        for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, times in names.items() if times > 1] == []


def test_layout_is_left_to_the_formatter() -> None:
    marks = sum(text.count("# fmt: " + "skip") for text in CODE.values())
    assert marks < 20
