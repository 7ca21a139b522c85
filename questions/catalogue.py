"""The questions that come with the package, and those in the user's own folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Final

from questions.definition import OutsideForecast, Question, QuestionSet, parse_question_set
from talentcast.domain.errors import ConfigurationError, InputRejectedError

_MAX_BYTES: Final = 2_000_000


@dataclass(frozen=True)
class Catalogue:
    """Everything that is asked, and what others forecast of it.

    Attributes:
        questions: By id.
        sets: Name of the set of each question, by its id.
    """

    questions: Mapping[str, Question]
    sets: Mapping[str, str]
    outside: tuple[OutsideForecast, ...] = ()


def all_questions(own_folder: Path | None = None) -> Catalogue:
    """Return every question, in order of id.

    Args:
        own_folder: Folder with files of the user; a file named like a bundled one takes its place.

    Raises:
        ConfigurationError: If the folder does not exist.
        InputRejectedError: If a file is no set of questions, or two sets ask by the same id.
    """
    found = dict(bundled_sets())
    if own_folder is not None:
        found |= {path.stem: _read(path) for path in _own_files(own_folder)}
    return _catalogue(found[name] for name in sorted(found))


def own_digest(own_folder: Path | None) -> str:
    """Return a hash of the user's files: a release that asks something else is another one."""
    if own_folder is None:
        return ""
    digest = sha256()
    for path in _own_files(own_folder):
        digest.update(f"{path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()


@cache
def bundled_sets() -> Mapping[str, QuestionSet]:
    """Return the sets that come with the package, by id."""
    folder = files("questions").joinpath("bundled")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    texts = {name: folder.joinpath(name).read_text(encoding="utf-8") for name in names}
    return {name.removesuffix(".yaml"): parse_question_set(texts[name], name) for name in names}


def _own_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ConfigurationError(f"TALENTCAST_QUESTIONS names {folder}, which is no folder.")
    return sorted(folder.glob("*.yaml"))


def _catalogue(sets: Iterable[QuestionSet]) -> Catalogue:
    questions: dict[str, Question] = {}
    names: dict[str, str] = {}
    outside: list[OutsideForecast] = []
    for one in sets:
        for question in one.questions:
            if question.id in questions:
                raise InputRejectedError(
                    "QUESTIONS",
                    f"{one.id}.yaml and {names[question.id]}.yaml both ask '{question.id}'. "
                    "Give one of them another id.",
                )
            questions[question.id], names[question.id] = question, one.id
        outside += one.outside
    return Catalogue(dict(sorted(questions.items())), names, tuple(outside))


def _read(path: Path) -> QuestionSet:
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise InputRejectedError("TOO_LARGE", f"{path.name} is no set of questions: too long.")
    try:
        return parse_question_set(content.decode(), path.name)
    except UnicodeDecodeError:
        raise InputRejectedError("ENCODING", f"{path.name} is not UTF-8.") from None
