"""Definitions that people write as YAML: one file each, named after its id, validated whole."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from talentcast.domain.errors import InputRejectedError
from talentcast.domain.tables import NAME_PATTERN


class Definition(BaseModel):
    """What a file defines.

    Attributes:
        id: Name of it, and stem of the file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=NAME_PATTERN)]


Defined = TypeVar("Defined", bound=Definition)


def parse_definition(kind: type[Defined], text: str, name: str, *, code: str, page: str) -> Defined:
    """Read a definition.

    Args:
        kind: What it defines, with an `id`.
        text: YAML.
        name: Name of the file; its stem is the id.
        code: Of the refusal.
        page: That says what such a file may hold.

    Raises:
        InputRejectedError: With that code, if the text is none.
    """
    try:
        values: Any = yaml.safe_load(text)
        if not isinstance(values, dict):
            raise ValueError("not a table of keys and values")
        found = kind.model_validate(values)
        if name.removesuffix(".yaml") != found.id:
            raise ValueError(f"the file is not named after its id '{found.id}'")
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise _refused(name, f"{where}: {problem['msg']}", code, page) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _refused(name, str(error), code, page) from None
    return found


def _refused(name: str, problem: str, code: str, page: str) -> InputRejectedError:
    return InputRejectedError(
        code, f"{name}: {' '.join(problem.split())}. See {page} for what it may hold."
    )
