"""talentcast populations: list what can be counted, and for which question."""

from __future__ import annotations

from talentcast.cli.options import Json
from talentcast.cli.output import print_rows
from talentcast.config import load_settings
from talentcast.populations.catalogue import all_populations


def populations(*, json: Json = False) -> None:
    """List the populations that are defined, and what each answers.

    With --json: everything that their files say.

    Example: talentcast populations
    """
    found = all_populations(load_settings().populations).values()
    if json:
        print_rows([one.model_dump(mode="json") for one in found], as_json=True)
        return
    rows = [
        {
            "population": one.id,
            "question": one.question,
            "unit": one.unit,
            "source": one.source,
            "since": one.first_year,
            "licence": one.licence,
        }
        for one in found
    ]
    print_rows(rows, as_json=False)
