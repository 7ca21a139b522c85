"""How to cite a release and each of its charts: BibTeX and CSL-JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from talentcast.store.release import Release

AUTHOR: Final = "talentcast contributors"
#: What TeX would obey, and how it is written to be seen.
_SEEN: Final = {sign: f"\\{sign}" for sign in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


@dataclass(frozen=True, slots=True)
class Citation:
    """A thing to cite.

    Attributes:
        key: Unique among what a site offers.
        url: Where it stands; relative to the site where the site does not know its address.
    """

    key: str
    title: str
    release: Release
    url: str

    @property
    def note(self) -> str:
        """Which state of the data is cited."""
        return f"Release {self.release.release_id}, data as of {self.release.as_of.as_of}"

    def text(self) -> str:
        """Return the citation as a sentence."""
        return f"{AUTHOR} ({self.release.published_at.year}). {self.title}. {self.note}. {self.url}"

    def bibtex(self) -> str:
        """Return an entry for BibTeX; text is escaped, the address is taken as it is."""
        fields = {
            "author": f"{{{AUTHOR}}}",
            "title": f"{{{_tex(self.title)}}}",
            "year": str(self.release.published_at.year),
            "note": _tex(self.note),
            "howpublished": f"\\url{{{self.url}}}",
        }
        lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
        return f"@misc{{{self.key},\n{lines}}}\n"

    def csl(self) -> dict[str, Any]:
        """Return an item of CSL-JSON."""
        day = self.release.published_at
        return {
            "id": self.key,
            "type": "dataset",
            "title": self.title,
            "author": [{"literal": AUTHOR}],
            "issued": {"date-parts": [[day.year, day.month, day.day]]},
            "version": str(self.release.release_id),
            "note": self.note,
            "publisher": "talentcast",
            "URL": self.url,
        }

    def csl_json(self) -> str:
        """Return a list of one item of CSL-JSON, as reference managers read it."""
        return json.dumps([self.csl()], ensure_ascii=False, indent=1) + "\n"


def _tex(text: str) -> str:
    return "".join(_SEEN.get(sign, sign) for sign in text)
