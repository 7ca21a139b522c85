"""Table contracts: grain, key, columns, units and meaning, each stated once.

Writers, quality suites and the data dictionary are generated from the values below; a column is
added or changed here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from talentcast.domain.checks import Outcome, Severity
from talentcast.domain.types import (
    CountingRule,
    ForecasterRole,
    OutputType,
    QuestionStatus,
    Statistic,
    Target,
    VintageKind,
)

DataType = Literal["string", "integer", "float", "boolean", "date", "timestamp", "strings", "json"]
Role = Literal["input", "published", "reference", "restricted"]

COUNTRY_PATTERN: Final = "^[A-Z]{3}$"
NAME_PATTERN: Final = "^[a-z0-9][a-z0-9_-]{0,63}$"
QUESTION_PATTERN: Final = "^[a-z0-9][a-z0-9_-]{0,127}$"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        unit: What one unit of a number is, for example ``persons``; empty for text.
        optional: The column may be absent from an input; `default` says what it is then.
        nullable: A value may be missing.
        one_of: The only values allowed.
        minimum: Smallest allowed value, inclusive.
        maximum: Largest allowed value, inclusive.
    """

    name: str
    type: DataType
    meaning: str
    unit: str = ""
    optional: bool = False
    default: str = ""
    nullable: bool = False
    one_of: tuple[str, ...] = ()
    pattern: str = ""
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table: what a row is, what makes it unique, and its columns in order."""

    name: str
    role: Role
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError(f"Table '{self.name}' names a column twice.")
        if absent := set(self.key) - set(names):
            raise ValueError(f"Table '{self.name}' has key columns it does not hold: {absent}.")

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in published order."""
        return tuple(column.name for column in self.columns)

    @property
    def unpublished_columns(self) -> tuple[str, ...]:
        """Names in published order without `release_id`, which publishing adds."""
        return tuple(name for name in self.column_names if name != "release_id")

    @property
    def unpublished_key(self) -> tuple[str, ...]:
        """What makes a row unique within one release."""
        return tuple(name for name in self.key if name != "release_id")

    @property
    def required(self) -> tuple[Column, ...]:
        """Columns an input may not lack."""
        return tuple(column for column in self.columns if not column.optional)

    def column(self, name: str) -> Column:
        """Return one column by name."""
        return next(column for column in self.columns if column.name == name)


def _values(enum: type[StrEnum]) -> tuple[str, ...]:
    return tuple(member.value for member in enum)


RELEASE_ID: Final = Column("release_id", "string", "Release this row belongs to.")
POPULATION: Final = Column(
    "population", "string", "Who is counted, for example `scholars_scopus`.", pattern=NAME_PATTERN
)
COUNTING_RULE: Final = Column(
    "counting_rule",
    "string",
    "How a researcher in several countries in one year counts.",
    one_of=_values(CountingRule),
)
SOURCE: Final = Column("source", "string", "Who counted.", pattern=NAME_PATTERN)
YEAR: Final = Column("year", "integer", "Calendar year.", "year", minimum=1950, maximum=2100)
COUNTRY: Final = Column(
    "country",
    "string",
    "ISO 3166-1 alpha-3 code, `ROW` (rest of world) or `UNK` (none stated). `NAM` is Namibia.",
    pattern=COUNTRY_PATTERN,
)
VINTAGE: Final = Column("vintage", "date", "Day on which the source stood as it is used here.")
PROVISIONAL: Final = Column(
    "is_provisional", "boolean", "The source has not finished counting this year."
)
MODEL: Final = Column("model", "string", "Forecaster that made the row.", pattern=NAME_PATTERN)
TARGET: Final = Column(
    "target",
    "string",
    "`researcher_share` (0 to 1, sums to 1 over countries), `researcher_stock` (persons) or "
    "`return_flow` (persons a year; `country` is the origin country returned to).",
    one_of=_values(Target),
)
ORIGIN_YEAR: Final = Column(
    "origin_year", "integer", "Last year of which the forecast used counts.", "year", minimum=1950
)

# The contracts are tables themselves, to be read across.
# fmt: off

HORIZON_YEARS: Final = Column(
    "horizon_years", "integer", "Years from origin to target; 0 for a year that is being counted.",
    "years", minimum=0, maximum=10,
)

RESEARCHER_COUNTS: Final = Table(
    "researcher_counts",
    "input",
    "One row per population, counting rule, source, vintage, year and country.",
    ("population", "counting_rule", "source", "vintage", "year", "country"),
    (
        Column(
            "population", "string", POPULATION.meaning, optional=True, default="file stem",
            pattern=NAME_PATTERN,
        ),
        Column(
            "counting_rule", "string", COUNTING_RULE.meaning, optional=True,
            default="`unspecified`", one_of=COUNTING_RULE.one_of,
        ),
        Column(
            "source", "string", SOURCE.meaning, optional=True, default="`file`",
            pattern=NAME_PATTERN,
        ),
        Column("vintage", "date", VINTAGE.meaning, optional=True, default="file date"),
        YEAR,
        COUNTRY,
        Column(
            "researchers", "float",
            "Researchers counted; whole numbers when the counting rule is `modal_country`.",
            "persons", minimum=0, maximum=1e9,
        ),
        Column(
            "arrivals", "float", "Researchers who came from another country since last year.",
            "persons", optional=True, nullable=True, default="missing", minimum=0, maximum=1e9,
        ),
        Column(
            "departures", "float", "Researchers who left for another country since last year.",
            "persons", optional=True, nullable=True, default="missing", minimum=0, maximum=1e9,
        ),
        Column(
            "is_provisional", "boolean", PROVISIONAL.meaning, optional=True, default="false"
        ),
    ),
)

COUNTRY_MOVES: Final = Table(
    "country_moves",
    "input",
    "One row per vintage, year and pair of countries; each direction has a row of its own.",
    ("vintage", "year", "from_country", "to_country"),
    (
        VINTAGE,
        YEAR,
        Column("from_country", "string", "Country they left.", pattern=COUNTRY_PATTERN),
        Column("to_country", "string", "Country they went to.", pattern=COUNTRY_PATTERN),
        Column("researchers", "float", "Researchers who moved since last year.", "persons",
               minimum=0, maximum=1e9),
    ),
)

COUNTRY_COVARIATES: Final = Table(
    "country_covariates",
    "input",
    "One row per country and year; any further numeric column is one more covariate.",
    ("country", "year"),
    (
        YEAR,
        COUNTRY,
        Column("gdp_per_capita", "float", "Gross domestic product per inhabitant.",
               "current US dollars", nullable=True, minimum=0),
        Column("population", "float", "Inhabitants.", "persons", nullable=True, minimum=0),
    ),
)

RESEARCHER_ID: Final = Column("researcher_id", "string", "Opaque id of a researcher in the input.")

AFFILIATIONS: Final = Table(
    "affiliations",
    "input",
    "One row per researcher, year and country.",
    ("researcher_id", "year", "country"),
    (
        RESEARCHER_ID,
        YEAR,
        COUNTRY,
        Column("weight", "float", "Share of the year's affiliations.", "share",
               minimum=0, maximum=1),
        Column("works", "integer", "Works published.", "works", minimum=1),
        Column("first_author_works", "integer", "Works as first author.", "works", optional=True,
               nullable=True, default="missing", minimum=0),
        Column("last_author_works", "integer", "Works as last author.", "works", optional=True,
               nullable=True, default="missing", minimum=0),
        Column("team_size", "float", "Mean number of authors of the works.", "persons",
               optional=True, nullable=True, default="missing", minimum=1),
        Column("field", "string", "Field of research.", optional=True, nullable=True,
               default="missing"),
        Column("institution_id", "string", "Institution.", optional=True, nullable=True,
               default="missing"),
    ),
)

COAUTHOR_COUNTRIES: Final = Table(
    "coauthor_countries",
    "input",
    "One row per researcher, year and country of co-authors.",
    ("researcher_id", "year", "country"),
    (
        RESEARCHER_ID,
        YEAR,
        COUNTRY,
        Column("coauthors", "integer", "Co-authors affiliated there.", "persons", minimum=0),
    ),
)

CAREERS: Final = Table(
    "careers",
    "input",
    "One row per researcher and year, with the modal country.",
    ("researcher_id", "year"),
    tuple(column for column in AFFILIATIONS.columns if column.name != "weight"),
)

OBSERVATIONS: Final = Table(
    "observations",
    "published",
    "One row per population, counting rule, source, year and country.",
    ("release_id", "population", "counting_rule", "source", "year", "country"),
    (
        RELEASE_ID,
        POPULATION,
        COUNTING_RULE,
        SOURCE,
        YEAR,
        COUNTRY,
        Column("researchers", "float", "Researchers counted; missing where nobody counted.",
               "persons", nullable=True, minimum=0),
        Column("share", "float", "Share of the year's total, `ROW` and `UNK` included.", "share",
               nullable=True, minimum=0, maximum=1),
        Column("arrivals", "float", "Researchers who came from another country since last year.",
               "persons", nullable=True, minimum=0),
        Column("departures", "float", "Researchers who left for another country since last year.",
               "persons", nullable=True, minimum=0),
        Column("unknown_share", "float", "Share of the year's researchers without a country; "
               "missing where the source puts them into `ROW`.", "share",
               nullable=True, minimum=0, maximum=1),
        PROVISIONAL,
        VINTAGE,
    ),
)

FORECASTS: Final = Table(
    "forecasts",
    "published",
    "One row per forecast, country, horizon and quantile level, sample, mean or median.",
    (
        "release_id", "target", "population", "counting_rule", "source", "scenario", "model",
        "country", "origin_year", "horizon_years", "output_type", "output_type_id",
    ),
    (
        RELEASE_ID,
        TARGET,
        POPULATION,
        COUNTING_RULE,
        SOURCE,
        Column("scenario", "string", "`baseline`, or the name of a stated change of assumptions.",
               pattern=NAME_PATTERN),
        MODEL,
        COUNTRY,
        ORIGIN_YEAR,
        HORIZON_YEARS,
        Column("target_year", "integer", "Year the value is about: origin plus horizon.", "year"),
        Column("output_type", "string", "What `value` is. Samples are joint: one id is one "
               "joint draw across all countries and horizons.", one_of=_values(OutputType)),
        Column("output_type_id", "float", "Quantile: probability that the outcome is at or below "
               "`value`. Sample: number of the draw. Mean and median: missing.", nullable=True),
        Column("value", "float", "Share (0 to 1), persons, or persons a year, by `target`: as in "
               "the first vintage that has finished the year, if `model_cards` says no other.",
               "by target", minimum=0),
    ),
)

SCORES: Final = Table(
    "scores",
    "published",
    "One row per scored forecast, horizon, country group and metric.",
    (
        "release_id", "target", "population", "counting_rule", "source", "model", "origin_year",
        "horizon_years", "country_group", "metric",
    ),
    (
        RELEASE_ID,
        TARGET,
        POPULATION,
        COUNTING_RULE,
        SOURCE,
        MODEL,
        ORIGIN_YEAR,
        HORIZON_YEARS,
        Column("country_group", "string", "`weighted` by share, `top60`, `all`, or `panel`; "
               "`origins` for return flows."),
        Column("metric", "string", "`wis`, `coverage_50`, `coverage_80`, `coverage_95`, `mase`, "
               "`rmsse`, `energy_score`; shares are scored on their logarithm, return flows "
               "in persons. With `_across_vintages`, of models trained on the vintage before, with "
               "its revisions learned from other countries."),
        Column("value", "float", "Value of the metric.", "by metric"),
        Column("training_vintage", "date", "Vintage the model was trained on."),
        Column("truth_vintage", "date", "Vintage the forecast was scored against."),
        Column("is_pseudo_vintage", "boolean",
               "The training data were revised after the origin, which flatters the score."),
    ),
)

REVISIONS: Final = Table(
    "revisions",
    "published",
    "One row per population, year and country that an earlier vintage had counted too.",
    ("release_id", "population", "counting_rule", "source", "year", "country"),
    (
        RELEASE_ID,
        POPULATION,
        COUNTING_RULE,
        SOURCE,
        YEAR,
        COUNTRY,
        Column("previous_vintage", "date", "Vintage compared with: the newest before this one, in "
               "the release before or among the inputs."),
        VINTAGE,
        Column("previous_researchers", "float", "Researchers counted in the earlier vintage.",
               "persons", minimum=0),
        Column("researchers", "float", "Researchers counted now.", "persons", minimum=0),
        Column("ratio", "float", "Now over before; 1 where nothing was revised.", "ratio",
               minimum=0),
    ),
)

SHARE_CHANGES: Final = Table(
    "share_changes",
    "published",
    "One row per population, country, pair of years and term of the change of its share. The "
    "terms of a country sum to its share in `year` minus that in `from_year`, as the release "
    "before told it.",
    (
        "release_id", "population", "counting_rule", "source", "from_year", "year", "country",
        "term",
    ),
    (
        RELEASE_ID,
        POPULATION,
        COUNTING_RULE,
        SOURCE,
        Column("from_year", "integer", "Earlier year.", "year", minimum=1950, maximum=2100),
        YEAR,
        COUNTRY,
        Column("term", "string", "What the share changed by: moves; `entries` of people seen for "
               "the first time, `exits` of those not seen any more; `net_entries`, both at once, "
               "where only moves are told; `own_growth` where they are not; `total_growth`, what "
               "all others took by growing; `coverage`, researchers without a country; `revision` "
               "of the earlier year.",
               pattern="^(arrivals|departures|entries|exits|net_entries|own_growth|total_growth|"
               "coverage|revision)$"),
        Column("value", "float", "The term; in fast growing populations beyond 1.", "share"),
        Column("lower_80", "float", "80 % range of chance in the counts, as if each were Poisson; "
               "of this term alone.", "share"),
        Column("upper_80", "float", "The same.", "share"),
    ),
)

FORECAST_CHANGES: Final = Table(
    "forecast_changes",
    "published",
    "One row per population, country, forecast year and cause by which its mean forecast share "
    "moved since the release before. The causes of a country and year sum to the forecast now "
    "minus that of the release before; a cause that moved nothing is left out.",
    (
        "release_id", "population", "counting_rule", "source", "country", "target_year", "cause",
    ),
    (
        RELEASE_ID,
        POPULATION,
        COUNTING_RULE,
        SOURCE,
        Column("previous_release_id", "string", "Release compared with."),
        MODEL,
        COUNTRY,
        Column("target_year", "integer", "Year that is forecast.", "year"),
        Column("previous_share", "float", "Mean forecast share in the release before.", "share",
               minimum=0, maximum=1),
        Column("cause", "string", "What was changed, one after the other in this order: `code`, "
               "`settings` (draws and seed), `model`, `revised_data` (other counts of years that "
               "were known before), `new_data`.",
               pattern="^(code|settings|model|revised_data|new_data)$"),
        Column("value", "float", "What the cause moved the mean forecast share by.", "share"),
    ),
)

STAY_RATE_SCENARIOS: Final = Table(
    "stay_rate_scenarios",
    "published",
    "One row per population, change of the stay rate of foreign researchers in a country, forecast "
    "year and country. Driven by assumptions: who stays is not estimated from the population.",
    (
        "release_id", "population", "counting_rule", "source", "host_country", "points", "country",
        "target_year",
    ),
    (
        RELEASE_ID,
        POPULATION,
        COUNTING_RULE,
        SOURCE,
        MODEL,
        Column("host_country", "string", "Country whose foreign researchers are meant.",
               pattern=COUNTRY_PATTERN),
        Column("points", "integer", "Change of their five-year stay rate from the first forecast "
               "year on; 0 is the forecast without one.", "percentage points"),
        Column("arrival_basis", "string", "Whether the population counts arrivals there, or the "
               "rate of scholars in Scopus is taken.", one_of=("counted", "assumed")),
        COUNTRY,
        Column("target_year", "integer", "Year that is forecast.", "year"),
        Column("mean", "float", "Mean forecast share.", "share", minimum=0, maximum=1),
        Column("lower_80", "float", "Lower end of the 80 % range of the forecast and of what is "
               "assumed.", "share", minimum=0, maximum=1),
        Column("upper_80", "float", "Upper end.", "share", minimum=0, maximum=1),
    ),
)

QUESTION_ID: Final = Column(
    "question_id", "string", "Name of the question; it never stands for another one.",
    pattern=QUESTION_PATTERN,
)

QUESTIONS: Final = Table(
    "questions",
    "published",
    "One row per question that was ever answered: what was asked, and what became of it.",
    ("release_id", "question_id"),
    (
        RELEASE_ID,
        QUESTION_ID,
        Column("question_set", "string", "File that asks it; `generated` for those of a backfill.",
               pattern=NAME_PATTERN),
        Column("text", "string", "The question in words."),
        POPULATION,
        COUNTING_RULE,
        SOURCE,
        Column("statistic", "string", "What is compared with the threshold: the `share` of "
               "`country`, its `lead` over `other_country` (a difference of shares), its "
               "`lead_over_all` (over the largest other country counted apart), or its `change` "
               "since `base_year`. The answer is yes if it is larger, not if it is equal.",
               one_of=_values(Statistic)),
        COUNTRY,
        Column("other_country", "string", "Country compared with, of a `lead`.", nullable=True,
               pattern=COUNTRY_PATTERN),
        Column("threshold_share", "float", "0 for leads; .05 is five points of a change.",
               "share", minimum=-1, maximum=1),
        Column("base_year", "integer", "Year that a change is counted from; both years are taken "
               "from the resolving vintage.", "year", nullable=True),
        Column("target_year", "integer", "Year that the question is about.", "year"),
        Column("resolves_from", "date", "The first vintage dated on this day or later that goes as "
               "far as the year decides; later ones change nothing."),
        Column("closes_on", "date", "Last as-of date of an answer."),
        Column("status", "string", "`open` for answers, `closed` and waiting, `resolved`, or "
               "`void`.", one_of=_values(QuestionStatus)),
        Column("came_true", "boolean", "Outcome of a resolved question.", nullable=True),
        Column("resolved_share", "float", "The statistic in the resolving vintage.", "share",
               nullable=True, minimum=-1, maximum=1),
        Column("resolving_vintage", "date", "Vintage that decided, or that made it void.",
               nullable=True),
        Column("resolved_in", "string", "Release that first held the outcome.", nullable=True),
        Column("void_reason", "string", "Why it has no outcome.", nullable=True),
        Column("is_pseudo", "boolean", "Asked and answered afterwards, by a backfill."),
    ),
)

ANSWERS: Final = Table(
    "answers",
    "published",
    "One row per question, release that answered, forecaster and day; rows are only ever added.",
    ("release_id", "question_id", "answered_in", "forecaster", "answered_as_of"),
    (
        RELEASE_ID,
        QUESTION_ID,
        Column("answered_in", "string", "Release that gave the answer, or first held a forecast "
               "of others."),
        Column("answered_as_of", "date", "As-of date of that release; of others, the day of "
               "their forecast."),
        Column("forecaster", "string", "A model, `last_order` (the last counted year says it), or "
               "who else forecast.", pattern=NAME_PATTERN),
        Column("role", "string", "`model` that is quoted, `baseline` beside it, `last_order`, or "
               "`outside`.", one_of=_values(ForecasterRole)),
        Column("probability", "float", "Probability of yes: the part of joint draws in which it "
               "is so.", "probability", minimum=0, maximum=1),
        Column("standard_error", "float", "Monte Carlo standard error of the probability.",
               "probability", nullable=True, minimum=0),
        Column("draws", "integer", "Joint draws that were counted: of the quoted model those that "
               "`forecasts` holds.", "draws", nullable=True, minimum=1),
        Column("origin_year", "integer", "Last year of which the answer used counts.", "year",
               nullable=True, minimum=1950),
        Column("is_pseudo", "boolean", "Answered from counts that were revised after the as-of "
               "date."),
        Column("url", "string", "Where a forecast of others was read.", nullable=True),
    ),
)

QUALITY_CHECKS: Final = Table(
    "quality_checks",
    "published",
    "One row per check that ran.",
    ("release_id", "stage", "table", "check"),
    (
        RELEASE_ID,
        Column("stage", "string", "What was checked: `input`, `counts`, `panel` or `forecasts`.",
               one_of=("input", "counts", "panel", "forecasts")),
        Column("table", "string", "Table or series that was checked."),
        Column("check", "string", "Code of the check, for example `NEG_COUNT`."),
        Column("severity", "string", "What a violation does.", one_of=_values(Severity)),
        Column("outcome", "string", "What became of the check.", one_of=_values(Outcome)),
        Column("observed", "string", "What was seen."),
        Column("threshold", "string", "What was allowed."),
        Column("failing_rows", "integer", "Rows or groups that broke the rule.", "rows",
               minimum=0),
        Column("example_keys", "string", "A few keys of failing rows, separated by `; `."),
        Column("message", "string", "What to do about it; empty when the check passed."),
    ),
)

RELEASES: Final = Table(
    "releases",
    "published",
    "One row per event in the life of a release; written last. The newest row of a release counts.",
    ("release_id", "sequence"),
    (
        RELEASE_ID,
        Column("sequence", "integer", "Position of this row: 1, 2, 3 ...; the clock orders "
               "nothing.", minimum=1),
        Column("kind", "string", "Why it was made.",
               one_of=("scheduled", "manual", "backfill", "scenario")),
        Column("as_of", "date", "What was known on this day went in."),
        Column("vintage_kind", "string", "Whether the data were archived on that day.",
               one_of=_values(VintageKind)),
        Column("published_at", "timestamp", "When the row was written.", "UTC"),
        Column("status", "string", "Whether readers should use it.",
               one_of=("published", "retracted", "pruned")),
        Column("supersedes", "string", "Release this one replaces.", nullable=True),
        Column("reason", "string", "Why it was forced, retracted or pruned.", nullable=True),
        Column("approved_by", "string", "Who approved a revision beyond the limit.",
               nullable=True),
        Column("code_version", "string", "Package version and hash of its source."),
        Column("settings_sha256", "string", "Hash of everything that was set."),
        Column("populations", "strings", "Populations in the release."),
        Column("inputs", "json", "Snapshots: name, source, sha256, vintage, URL, licence."),
        Column("tables", "json", "Per table: Delta version, rows, data files with sha256, "
               "and a hash of the rows."),
        Column("quality", "json", "Checks run, passed, warned, failed."),
        Column("settings", "json", "Models, horizons, draws, samples, origins and seed; empty in "
               "releases from before it was kept.", nullable=True),
        Column("manifest_sha256", "string", "Hash of all the other columns but the signature.",
               nullable=True),
        Column("signature", "string", "Ed25519 signature of that hash, if the publisher has a key.",
               nullable=True),
    ),
)

RETURN_COHORTS: Final = Table(
    "return_cohorts",
    "published",
    "One row per origin country, group of host countries, landmark year and horizon.",
    ("release_id", "population", "origin_country", "host_group", "landmark_year", "horizon_years"),
    (
        RELEASE_ID,
        POPULATION,
        Column("origin_country", "string", "Country of the first observed affiliation; never "
               "nationality.", pattern=COUNTRY_PATTERN),
        Column("host_group", "string", "Group of countries where the researchers are."),
        Column("landmark_year", "integer", "Year in which they were observed abroad.", "year"),
        HORIZON_YEARS,
        Column("researchers_at_risk", "integer", "Researchers observed abroad, rounded to 5.",
               "persons", nullable=True, minimum=0),
        Column("expected_returns", "float", "Expected to be observed at origin within the horizon.",
               "persons", nullable=True, minimum=0),
        Column("return_probability", "float", "Mean probability of that.", "probability",
               nullable=True, minimum=0, maximum=1),
        Column("lower_95", "float", "Lower end of the 95 % interval of the probability.",
               "probability", nullable=True, minimum=0, maximum=1),
        Column("upper_95", "float", "Upper end of the 95 % interval of the probability.",
               "probability", nullable=True, minimum=0, maximum=1),
        Column("is_suppressed", "boolean", "The cell is withheld to protect people."),
        Column("suppression_reason", "string", "Why it is withheld; the same for every such cell.",
               nullable=True),
    ),
)

COUNTRY_NAMES: Final = Table(
    "country_names",
    "reference",
    "One row per country code used in the release.",
    ("release_id", "country"),
    (RELEASE_ID, COUNTRY, Column("name", "string", "Short English name.")),
)

PUBLISHED_FIGURES: Final = Table(
    "published_figures",
    "reference",
    "One row per figure that others published; filter on `population`, `measure` and `unit`.",
    ("release_id", "figure_id"),
    (
        RELEASE_ID,
        Column("figure_id", "integer", "Line of the figure in the bundled table.", minimum=1),
        Column("source", "string", "Report."),
        Column("publisher", "string", "Who published it."),
        Column("year", "integer", "Year the figure is about.", "year"),
        Column("population", "string", "Who was counted, in the report's own words."),
        Column("measure", "string", "What was counted.",
               one_of=("count", "work_share", "origin_share", "stay_rate", "net_flow")),
        Column("origin_iso3", "string", "Country of origin, where stated.", nullable=True),
        Column("location_iso3", "string", "Country of work, where stated.", nullable=True),
        Column("value", "float", "The figure.", "by `unit`", nullable=True),
        Column("unit", "string", "Unit of the figure."),
        Column("n_sample", "integer", "Sample size, where stated.", "persons", nullable=True),
        Column("url", "string", "Where it was read."),
        Column("confidence", "string", "How far the reading can be trusted."),
    ),
)

MODEL_CARDS: Final = Table(
    "model_cards",
    "reference",
    "One row per model, population and fact about it.",
    ("release_id", "model", "population", "topic"),
    (
        RELEASE_ID,
        MODEL,
        POPULATION,
        Column("topic", "string", "For example `intended_use`, `not_for`, `revisions`."),
        Column("text", "string", "What a reader should know."),
    ),
)

RETURN_LIKELIHOODS: Final = Table(
    "return_likelihoods",
    "restricted",
    "One row per researcher, landmark year and horizon. Never under the releases root.",
    ("release_id", "researcher_pseudonym", "landmark_year", "horizon_years"),
    (
        RELEASE_ID,
        Column("researcher_pseudonym", "string", "Keyed hash of the researcher's id."),
        Column("landmark_year", "integer", "Year observed abroad.", "year"),
        HORIZON_YEARS,
        Column("probability", "float", "Probability of return, rounded to .05.", "probability",
               minimum=0, maximum=1),
        Column("origin_country", "string", "Country of the first observed affiliation.",
               pattern=COUNTRY_PATTERN),
        Column("host_group", "string", "Group of countries where the researcher is."),
    ),
)

TABLES: Final[tuple[Table, ...]] = (
    RESEARCHER_COUNTS,
    COUNTRY_MOVES,
    COUNTRY_COVARIATES,
    AFFILIATIONS,
    COAUTHOR_COUNTRIES,
    CAREERS,
    RELEASES,
    OBSERVATIONS,
    FORECASTS,
    RETURN_COHORTS,
    SCORES,
    REVISIONS,
    SHARE_CHANGES,
    FORECAST_CHANGES,
    STAY_RATE_SCENARIOS,
    QUESTIONS,
    ANSWERS,
    QUALITY_CHECKS,
    COUNTRY_NAMES,
    MODEL_CARDS,
    PUBLISHED_FIGURES,
    RETURN_LIKELIHOODS,
)
# fmt: on


def table(name: str, *, among: Iterable[Table] = TABLES) -> Table:
    """Return a contract by name.

    Raises:
        KeyError: If no table has that name.

    Example:
        >>> table("forecasts").key[0]
        'release_id'
    """
    for contract in among:
        if contract.name == name:
            return contract
    raise KeyError(name)
