"""Write the generated pages: `make docs`."""

from __future__ import annotations

from pathlib import Path

from docs.commands import command_reference
from docs.dictionary import data_dictionary
from docs.layers import layers_picture
from docs.populations import population_list

FOLDER = Path(__file__).parent
PAGES = {
    "data-dictionary.md": data_dictionary,
    "command-line.md": command_reference,
    "populations.md": population_list,
    "images/layers.svg": layers_picture,
}


def main() -> None:
    """Write every generated page."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page())


if __name__ == "__main__":
    main()
