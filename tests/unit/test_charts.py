"""Charts are valid Vega-Lite, draw what they are given, and join no line over a gap."""

from __future__ import annotations

import json
from dataclasses import replace

import altair as alt
import pandas as pd
import pytest

from readers.charts.changes import changes_chart
from readers.charts.fan import earlier_forecasts_chart, fan_chart, final_and_provisional
from readers.charts.flows import flows_chart
from readers.charts.intervals import interval_bars
from readers.charts.odds import odds_chart
from readers.charts.scores import coverage_chart, error_chart, placement_chart
from readers.charts.theme import PALETTES, Mode, Spec, country_colours
from readers.fan import LEVELS, Fan, field

LIGHT = PALETTES["light"]
QUANTILES = {field(level): 30 + 10 * level for level in LEVELS}
ERRORS = pd.DataFrame(
    {
        "model": ["pooled", "naive"] * 2,
        "name": ["talentcast", "No change"] * 2,
        "year": [1, 1, 2, 2],
        "value": [0.1, 0.2, 0.2, 0.4],
    }
)
COVERAGE = pd.DataFrame(
    {"level": [80, 80], "year": [1, 2], "value": [78.0, 81.0], "lower": [70.0, 75.0]}
).assign(upper=[85.0, 88.0])


NO_YEARS = pd.DataFrame(columns=["series", "year", "value", "is_provisional"])


def history(provisional: set[int] = frozenset()) -> pd.DataFrame:  # type: ignore[assignment]
    years = [2018, 2019, 2020, 2021, 2022]
    return pd.DataFrame(
        {
            "series": "USA",
            "year": years,
            "value": [30.0, 31.0, 32.0, 33.0, 34.0],
            "is_provisional": [year in provisional for year in years],
        }
    )


def fan(provisional: set[int] = frozenset(), so_far: pd.DataFrame = NO_YEARS) -> Fan:  # type: ignore[assignment]
    ahead = pd.DataFrame([{"series": "USA", "year": year, **QUANTILES} for year in (2023, 2024)])
    labels = pd.DataFrame(
        [
            {
                "series": "USA",
                "year": 2024,
                "value": 35.0,
                "name": "United States",
                "short": "USA",
                "text": "35.0% (31–39)",
                "text_short": "35%",
            }
        ]
    )
    nothing = pd.DataFrame(columns=["series", "year", "value", "note"])
    return Fan(history(provisional), ahead, labels, nothing, so_far)


def drawn_fan(mode: Mode = "light", *, is_share: bool = True) -> Spec:
    palette = PALETTES[mode]
    return fan_chart(
        fan({2022}),
        palette,
        colours=country_colours(["USA"], palette),
        description="USA",
        is_share=is_share,
    )


def fan_with_a_nowcast() -> Spec:
    so_far = pd.DataFrame(
        {"series": ["USA"], "year": [2023], "value": [31.5], "is_provisional": [True]}
    )
    colours = country_colours(["USA"], LIGHT)
    return fan_chart(fan(so_far=so_far), LIGHT, colours=colours, description="USA")


def specs() -> dict[str, Spec]:
    named = pd.DataFrame(
        [
            {"name": name, "last": 3.0, "text": "3.1%", "text_short": "3%", **QUANTILES}
            for name in ("India", "Japan")
        ]
    )
    moves = history().assign(series="Arrivals")
    return {
        "fan": drawn_fan(),
        "dark fan": drawn_fan("dark"),
        "stock fan": drawn_fan(is_share=False),
        "fan with a nowcast": fan_with_a_nowcast(),
        "earlier forecasts": earlier_forecasts_chart(
            history(), fan().quantiles.assign(origin_year=2022), LIGHT, description=""
        ),
        "odds": odds_chart(
            pd.DataFrame({"year": [2023], "probability": [0.4], "text": ["40%"]}),
            LIGHT,
            description="",
        ),
        "intervals": interval_bars(named, LIGHT, description=""),
        "flows": flows_chart(
            pd.concat([moves, moves.assign(series="Departures")]), LIGHT, description=""
        ),
        "errors": error_chart(ERRORS, LIGHT, default_model="pooled", description=""),
        "coverage": coverage_chart(COVERAGE, LIGHT, description=""),
        "placement": placement_chart(
            pd.DataFrame({"zone": ["middle half"], "value": [52.0], "promised": [50.0]}),
            LIGHT,
            description="",
        ),
        "changes": changes_chart(
            pd.DataFrame({"name": ["India"], "before": [4.0], "after": [4.4], "text": ["4.4%"]}),
            LIGHT,
            description="",
        ),
    }


@pytest.mark.parametrize("name", list(specs()))
def test_every_chart_is_valid_vega_lite_and_plain_json(name: str) -> None:
    spec = specs()[name]
    alt.Chart.from_dict(spec, validate=True)
    assert "NaN" not in json.dumps(spec)


def test_what_is_counted_of_an_estimated_year_stands_beside_its_estimate() -> None:
    layers = fan_with_a_nowcast()["layer"]
    values = [row for layer in layers for row in layer.get("data", {}).get("values", [])]
    said = {row["status"]: row for row in values if "status" in row and row["year"] == 2023}
    assert set(said) == {"counted so far", "being counted, estimate"}
    assert said["counted so far"]["value"] == 31.5
    lines = [layer for layer in layers if layer["mark"]["type"] == "line"]
    assert not any(row.get("value") == 31.5 for one in lines for row in one["data"]["values"])


def test_bands_start_at_the_last_count() -> None:
    areas = [layer for layer in drawn_fan()["layer"] if layer["mark"]["type"] == "area"]
    assert len(areas) == 3
    for area in areas:
        first = min(area["data"]["values"], key=lambda row: row["year"])
        low, high = area["encoding"]["y"]["field"], area["encoding"]["y2"]["field"]
        assert first["year"] == 2022
        assert first[low] == first[high] == 34.0


def test_every_layer_has_the_same_scales() -> None:
    layers = drawn_fan()["layer"]
    for channel in ("x", "y"):
        scales = {
            json.dumps(layer["encoding"][channel]["scale"])
            for layer in layers
            if channel in layer["encoding"]
        }
        assert len(scales) == 1


def test_a_provisional_year_in_the_middle_is_dotted_on_both_sides_only() -> None:
    final, provisional = final_and_provisional(history({2020}))
    assert final.groupby("run")["year"].apply(list).tolist() == [[2018, 2019], [2021, 2022]]
    assert provisional.groupby("run")["year"].apply(list).tolist() == [[2019, 2020], [2020, 2021]]


def test_a_year_that_nobody_counted_is_a_gap() -> None:
    rows = history().query("year != 2020")
    final, provisional = final_and_provisional(rows)
    assert final.groupby("run")["year"].apply(list).tolist() == [[2018, 2019], [2021, 2022]]
    assert provisional.empty


def test_a_country_has_the_same_colour_in_every_chart_and_a_fifth_is_grey() -> None:
    some = country_colours(["USA", "CHN"], LIGHT)
    many = country_colours(["BRA", "CHN", "DEU", "FRA", "USA"], LIGHT)
    assert {c: many[c] for c in some} == some
    assert list(many.values()).count(LIGHT.context) == 1


def test_years_that_are_past_but_not_counted_are_drawn_apart_and_say_so() -> None:
    late = replace(fan(), last_past_year=2023)
    spec = fan_chart(late, LIGHT, colours={"USA": LIGHT.hues[0]}, description="USA")
    areas = [one for one in spec["layer"] if one["mark"]["type"] == "area"]
    years = [{row["year"] for row in one["data"]["values"]} for one in areas]
    assert years == [{2022, 2023}] * 3 + [{2023, 2024}] * 3
    paler, usual = areas[0]["mark"]["opacity"], areas[3]["mark"]["opacity"]
    assert paler == usual / 2
    tips = {
        row["year"]: row["status"]
        for one in spec["layer"]
        for row in one["data"]["values"]
        if "status" in row
    }
    assert tips == dict.fromkeys(range(2018, 2023), "observed") | {
        2023: "not yet counted, forecast median",
        2024: "forecast, median",
    }
    assert "not yet counted" not in json.dumps(drawn_fan())
