"""The source `paperlists`: lists of accepted papers by venue and year, counted by any rule.

Lists lie in a folder, for example a checkout of the public collection, or behind addresses that a
population file pins by hash. Each population adds up its venues; without population files, each
venue is one, by authorships.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Final

import httpx

from sources.base import today_utc
from sources.http import FetchLimits, fetch_bytes
from sources.paper_lists.counted import CountedVenues, is_record, parse_lists, record_file
from sources.paper_lists.list_file import reduce_list
from sources.paper_lists.names import ListName, list_name
from sources.plain_files import MAX_FILE_BYTES, read_plain_file
from talentcast.domain.errors import IntegrityError, UsageError
from talentcast.domain.provenance import ParsedCounts, RawFile
from talentcast.domain.types import Vintage
from talentcast.populations.catalogue import all_populations
from talentcast.populations.definition import PAPER_LISTS, PaperLists, PinnedFile, Population

_PAGE: Final = "https://github.com/papercopilot/paperlists"
_ADVICE: Final = "See docs/how-to/paper-lists.md."


@dataclass(frozen=True, slots=True)
class PaperListSource:
    """Counts of accepted papers and their authors.

    Attributes:
        folder: Where the lists are, at any depth; None for the pinned files of the populations.
        populations: What is counted; each venue of the folder by itself if there is none.
        hosts: Hosts that may answer for a pinned file.
        max_bytes: Larger lists are refused.
        transport: Stands in for the network.
        today: Tells the day, for lists that do not say when they stood like this.
    """

    folder: Path | None = None
    populations: Sequence[Population] = ()
    hosts: Collection[str] = ()
    max_bytes: int = MAX_FILE_BYTES
    transport: httpx.AsyncBaseTransport | None = None
    today: Callable[[], date] = today_utc
    name: str = PAPER_LISTS
    title: str = "Lists of accepted papers by venue and year: --source FOLDER, or pinned files"
    licence: str = "no licence stated; counts only"
    url: str = _PAGE

    def download(self) -> list[RawFile]:
        """Read the lists, and keep of them the countries of authors and nothing else.

        Raises:
            UsageError: If there is no list to count.
            IntegrityError: If a pinned file is another one.
        """
        raws = list(self._from_folder() if self.folder is not None else self._pinned())
        _require_once(raws)
        if not raws:
            raise UsageError(
                "There is no list of papers to count. Pass the folder that holds them "
                "(talentcast refresh --source FOLDER, files named like ijcai2024.json), or name a "
                f"population whose file pins addresses (--population NAME). {_ADVICE}"
            )
        newest = max(raw.vintage for raw in raws)
        counted = [CountedVenues.of(population) for population in self.populations]
        return [record_file(counted, self.name, self.url, self.licence, newest), *raws]

    def parse(self, files: Sequence[RawFile]) -> ParsedCounts:
        """Count every population that was asked for when the lists were read."""
        if not any(is_record(raw.name) for raw in files):
            raise UsageError(f"There is no record of what was counted among these files. {_ADVICE}")
        return parse_lists(files, self.name)

    def _from_folder(self) -> Iterator[RawFile]:
        wanted = {venue for one in self.populations for venue in _lists(one).venues}
        found = sorted(lists_in(self.folder or Path()))
        _require_one_path(found)
        for path, name in found:
            if wanted and name.venue not in wanted:
                continue
            file = read_plain_file(path, max_bytes=self.max_bytes)
            yield self._kept(name, file.content, self._stated_day(name) or file.written, self.url)

    def _pinned(self) -> Iterator[RawFile]:
        for file in sorted(
            {file for one in self.populations for file in _lists(one).files},
            key=lambda file: file.address,
        ):
            name = list_name(file.address.rpartition("/")[2])
            if name is None:
                raise UsageError(
                    f"{file.address} does not end in venue and year, like ijcai2024.json."
                )
            day = self._stated_day(name) or Vintage(self.today())
            yield self._kept(name, self._fetched(file), day, file.address)

    def _fetched(self, file: PinnedFile) -> bytes:
        host = httpx.URL(file.address).host
        if host not in self.hosts:
            raise UsageError(
                f"{host} is not among the hosts that files may be fetched from. If you trust it, "
                f"set TALENTCAST_SOURCE_HOSTS={','.join([*self.hosts, host])}."
            )
        limits = FetchLimits(self.hosts, max_bytes=self.max_bytes)
        content = fetch_bytes(file.address, limits, transport=self.transport)
        found = sha256(content).hexdigest()
        if found != file.sha256:
            raise IntegrityError(
                f"{file.address} is not the list that was pinned: its SHA-256 is {found}. Look at "
                "what changed, then pin the new hash in the population file."
            )
        return content

    def _kept(self, name: ListName, content: bytes, day: Vintage, address: str) -> RawFile:
        kept = reduce_list(content, name.file).to_bytes()
        return RawFile(name.file, kept, self.name, address, self.licence, day)

    def _stated_day(self, name: ListName) -> Vintage | None:
        """Return the day that the populations of a list state; one at most.

        Raises:
            UsageError: If they state different ones.
        """
        lists = [_lists(one) for one in self.populations]
        days = {one.as_of for one in lists if name.venue in one.venues and one.as_of is not None}
        if len(days) > 1:
            raise UsageError(
                f"Population files state {len(days)} days for the lists of {name.venue} "
                f"({', '.join(map(str, sorted(days)))}). Give them one."
            )
        return Vintage(days.pop()) if days else None


def paper_lists(
    folder: Path | None,
    wanted: Sequence[str],
    own_folder: Path | None,
    *,
    hosts: Collection[str] = (),
    max_bytes: int = MAX_FILE_BYTES,
) -> PaperListSource:
    """Return the source for the populations that are wanted.

    Args:
        folder: Where the lists are; None for pinned files.
        wanted: Ids; those of other sources are passed over. Empty for all.
        own_folder: Folder with population files of the user.
        hosts: Hosts that may answer for a pinned file.
        max_bytes: Larger lists are refused.
    """
    known = all_populations(own_folder).values()
    own = [one for one in known if one.source == PAPER_LISTS]
    chosen = tuple(one for one in own if not wanted or one.id in wanted)
    return PaperListSource(folder, chosen, hosts, max_bytes)


def holds_lists(folder: Path) -> bool:
    """Tell whether a folder holds a list of papers, at any depth."""
    return next(lists_in(folder), None) is not None


def lists_in(folder: Path) -> Iterator[tuple[Path, ListName]]:
    """Yield the files of a folder that are named like a list of papers."""
    for path in folder.rglob("*.json"):
        name = list_name(path.name)
        inside = path.relative_to(folder).parts
        if name is not None and not any(part.startswith(".") for part in inside):
            yield path, name


def _require_one_path(found: Sequence[tuple[Path, ListName]]) -> None:
    paths: dict[ListName, Path] = {}
    for path, name in found:
        if name in paths:
            raise UsageError(
                f"{paths[name]} and {path} are lists of the same venue and year. Keep one: both "
                "would be counted."
            )
        paths[name] = path


def _require_once(raws: Sequence[RawFile]) -> None:
    names = [raw.name for raw in raws]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(
            f"{twice[0]} is pinned at two addresses, or with two hashes. Keep one: both would be "
            "counted."
        )


def _lists(population: Population) -> PaperLists:
    assert population.lists is not None, "checked when the file was read"  # noqa: S101
    return population.lists
