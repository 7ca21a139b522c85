"""What keeps the code easy to find."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SHIPPED = (
    "talentcast",
    "features",
    "models",
    "publication",
    "sources",
    "expectations",
    "readers",
    "flows",
    "dashboard",
)
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
