"""What machines are told about a release and its charts: licences, units, columns, addresses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from readers.site.citation import AUTHOR, Citation
from readers.site.data import DataTable
from readers.site.model import Chart
from talentcast.domain.tables import DataType
from talentcast.store.release import Release

CODE_LICENCE: Final = "MIT"
#: The name that readers of Croissant know.
_PARQUET: Final = "application/x-parquet"
_NAME: Final = "Where researchers work: counts and forecasts"
_ABOUT: Final = (
    "Counts of researchers and their works by country, and probabilistic forecasts of their "
    "shares with quantiles. Countries are where researchers publish from, never nationality. "
    "Forecasts are the model's view, not a plan or a target."
)
_CROISSANT_TYPES: Final[Mapping[DataType, str]] = {
    "string": "sc:Text",
    "integer": "sc:Integer",
    "float": "sc:Float",
    "boolean": "sc:Boolean",
    "date": "sc:Date",
    "timestamp": "sc:DateTime",
    "strings": "sc:Text",
    "json": "sc:Text",
}
#: Properties of Croissant 1.0 beside those that its context spells out.
_CROISSANT_PROPERTIES: Final = (
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty"),
    *("fileSet", "format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField"),
    *("path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate"),
    *("separator", "source", "subField", "transform"),
)
_CROISSANT_CONTEXT: Final = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    **{name: f"cr:{name}" for name in _CROISSANT_PROPERTIES},
}


def licences(release: Release) -> list[str]:
    """Return the licences of what a release was made from, each once."""
    return sorted({str(entry["licence"]) for entry in release.inputs})


def chart_metadata(chart: Chart, citation: Citation, files: Mapping[str, str]) -> dict[str, Any]:
    """Return what a program must know of a chart.

    Args:
        chart: At its address.
        citation: Of the chart.
        files: Names of its files, by kind.
    """
    line, release = chart.figure.line, chart.view.release
    return {
        "id": chart.id,
        "title": chart.title,
        "unit": line.unit,
        "population": line.population,
        "counting_rule": line.counting,
        "last_counted": line.last_counted,
        "read_on": None if line.read_on is None else line.read_on.isoformat(),
        "vintage": line.as_of.isoformat(),
        "vintage_kind": release.vintage_kind,
        "release": line.release_id,
        "published_at": release.published_at.isoformat(),
        "note": line.note,
        "licence": licences(release),
        "citation": citation.text(),
        "url": citation.url,
        "files": dict(files),
    }


def dataset(release: Release, tables: Sequence[DataTable], url: str) -> dict[str, Any]:
    """Return a release as a `Dataset` of schema.org.

    Args:
        release: A published release.
        tables: Its files.
        url: Folder of the release, ending with a slash; empty where nobody knows it: addresses of
            files are then relative to that folder.
    """
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": _NAME,
        "description": _ABOUT,
        "identifier": str(release.release_id),
        "version": str(release.release_id),
        **({"url": url} if url else {}),
        "creator": {"@type": "Organization", "name": AUTHOR},
        "datePublished": release.published_at.date().isoformat(),
        "dateModified": release.as_of.as_of.isoformat(),
        "isAccessibleForFree": True,
        "license": [_licence(text) for text in licences(release)],
        "isBasedOn": [
            {"@type": "CreativeWork", "name": f"{entry['name']} ({entry['licence']})"}
            for entry in release.inputs
        ],
        "distribution": [
            {
                "@type": "DataDownload",
                "name": table.name,
                "contentUrl": url + table.path,
                "encodingFormat": _PARQUET,
                "contentSize": f"{table.size} B",
                "sha256": table.sha256,
            }
            for table in tables
        ],
    }


def croissant(release: Release, tables: Sequence[DataTable], url: str) -> dict[str, Any]:
    """Return a release as a Croissant 1.0 description, with every column of every table."""
    about = dataset(release, tables, url)
    return about | {
        "@context": _CROISSANT_CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        # The version of a data set has three numbers there; the id of the release is `identifier`.
        "version": f"{release.sequence}.0.0",
        "citeAs": Citation(f"talentcast-{release.release_id}", _NAME, release, url).bibtex(),
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": f"{table.name}.parquet",
                "name": f"{table.name}.parquet",
                "contentUrl": url + table.path,
                "encodingFormat": _PARQUET,
                "contentSize": f"{table.size} B",
                "sha256": table.sha256,
            }
            for table in tables
        ],
        "recordSet": [_record_set(table) for table in tables],
    }


def written(about: Mapping[str, Any]) -> str:
    """Return a description as text, the same for the same content."""
    return json.dumps(about, ensure_ascii=False, indent=1) + "\n"


def _record_set(table: DataTable) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.contract.grain,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{table.name}/{column}",
                "name": column,
                "description": table.contract.column(column).meaning,
                "dataType": _CROISSANT_TYPES[table.contract.column(column).type],
                "source": {
                    "fileObject": {"@id": f"{table.name}.parquet"},
                    "extract": {"column": column},
                },
            }
            for column in table.columns
        ],
    }


def _licence(text: str) -> str:
    known = {"CC BY 4.0": "https://creativecommons.org/licenses/by/4.0/"}
    return known.get(text, text)
