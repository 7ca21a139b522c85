"""Settings: the only reader of the environment. Built once at an entry point, passed down."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Annotated, Final, TypeAlias

from platformdirs import user_state_path
from pydantic import (
    Field,
    PlainValidator,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from storage.paths import StorePath, store_path
from talentcast.domain.errors import ConfigurationError

#: A folder, or the address of a prefix in an object store.
Placed: TypeAlias = Annotated[StorePath, PlainValidator(store_path)]

#: An e-mail address, or an ``@`` and its domain; small letters.
EmailOrDomain: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[!-?A-~]*@[a-z0-9.-]+$")]

#: Of fewer people, flows and cohorts tell who is in a first release (docs/method/returns.md).
ENOUGH_PEOPLE: Final = 3_000


class Settings(BaseSettings):
    """Everything that can be set, with its default. Variables are listed in `.env.example`."""

    model_config = SettingsConfigDict(
        env_prefix="TALENTCAST_", env_file=".env", frozen=True, extra="ignore"
    )

    home: Placed = Field(
        default=Path("var"),
        description="Folder for everything a run writes, or s3://, az:// or gs:// and "
        "BUCKET/PREFIX.",
    )
    local_dir: Path = Field(
        default=Path("var"),
        description="Where home is in an object store: folder on this machine for reports, alerts, "
        "individuals and Prefect's files.",
    )
    snapshots_dir: Placed | None = Field(
        default=None,
        description="Raw inputs, also in an object store; default: snapshots/ in home.",
    )
    releases_dir: Placed | None = Field(
        default=None,
        description="Published tables, also in an object store; default: releases/ in home.",
    )
    restricted_dir: Path | None = Field(
        default=None,
        description="Anything about individuals, on this machine only; default: restricted/ in "
        "home.",
    )
    pseudonym_key: SecretStr | None = Field(
        default=None,
        description="Key of at least 32 bytes for pseudonyms; needed for real person records.",
    )
    pseudonym_key_file: Path | None = Field(
        default=None, description="File with that key, outside the data and output folders."
    )
    datasets_dir: Path | None = Field(
        default=None,
        description="Where this machine notes which sets of people were published from which "
        "folder; default: the user's state folder.",
    )
    allow_individual: bool = Field(
        default=False, description="Keep and read coarse individual rows in the restricted store."
    )
    min_people_for_returns: int = Field(
        default=ENOUGH_PEOPLE,
        ge=0,
        description="Real people whom a population needs before return flows, cohorts and model "
        "cards are published; of fewer: counts and shares alone.",
    )
    mirror_to: SecretStr | None = Field(
        default=None,
        description="PostgreSQL address that holds a copy of the current release; none if unset.",
    )
    site_to: Path | None = Field(
        default=None, description="Folder that holds a site of the current release; none if unset."
    )
    site_url: str | None = Field(
        default=None, description="Address of that site, for feeds and citations."
    )
    signing_key_file: Path | None = Field(
        default=None, description="Ed25519 private key that signs releases; none: unsigned."
    )
    verifying_key_file: Path | None = Field(
        default=None,
        description="Public key that readers and `releases verify` want every release signed by.",
    )
    server_patience_seconds: float = Field(
        default=120.0,
        gt=0,
        description="A run ends when its Prefect server has not answered for this long.",
    )
    reports_url: str | None = Field(
        default=None, description="Where a web server shows the reports folder; none: no links."
    )
    max_input_bytes: int = Field(
        default=500_000_000, gt=0, description="Larger input files are refused."
    )
    bucket_rows: int = Field(
        default=250_000, gt=0, description="Records of people that are worked on at once, about."
    )
    people_processes: int = Field(
        default=2, gt=0, description="Processes that share the work on records of people."
    )
    backfill_processes: int = Field(
        default=2, gt=0, description="Processes that share the years of a backfill."
    )
    dask_scheduler: str | None = Field(
        default=None,
        pattern=r"^(tcp|tls|ucx)://\S+$",
        description="Dask scheduler whose workers share the years of a backfill instead; "
        "none: processes of this machine.",
    )
    duckdb_memory: str = Field(
        default="1GB",
        pattern=r"^[0-9.]+ ?[KMGT]i?B$",
        description="Memory that DuckDB may use in a process.",
    )
    duckdb_threads: int = Field(
        default=2, gt=0, description="Threads that DuckDB may use in a process."
    )
    duckdb_spill_dir: Path | None = Field(
        default=None,
        description="Folder for what does not fit into that memory, pseudonyms among it; "
        "default: scans/ in the restricted store.",
    )
    source_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Hosts from which files of counts may be fetched, with commas between them.",
    )
    populations: Path | None = Field(
        default=None, description="Folder with population files of your own."
    )
    questions: Path | None = Field(
        default=None, description="Folder with question files of your own."
    )
    dashboard_sign_in: Path | None = Field(
        default=None,
        description="TOML file that names the OpenID Connect provider at which readers of the "
        "dashboard sign in; none: no sign-in.",
    )
    dashboard_readers: Annotated[tuple[EmailOrDomain, ...], NoDecode] = Field(
        default=(),
        description="Who may see the dashboard: verified e-mail addresses, or domains as "
        "@example.org, with commas between them; none: whom the provider lets in.",
    )
    dashboard_url: str | None = Field(
        default=None, description="Address of the dashboard, for links in alerts; none: no links."
    )
    alert_webhook: SecretStr | None = Field(
        default=None, description="Address that is sent each change of a headline, as JSON."
    )
    alert_mail_server: str | None = Field(
        default=None, description="Mail server, HOST:PORT, that takes mail about such changes."
    )
    alert_mail_from: str = Field(default="talentcast@localhost", description="Sender of that mail.")
    alert_mail_to: str | None = Field(default=None, description="Who gets that mail.")
    openalex_url: str = Field(
        default="https://api.openalex.org", description="Where OpenAlex, or a copy of it, answers."
    )
    openalex_key: SecretStr | None = Field(
        default=None, description="Key for OpenAlex; free, and with a larger budget a day."
    )
    openalex_mailto: str | None = Field(
        default=None, description="Address at which OpenAlex can reach you."
    )
    openalex_max_cost: float = Field(
        default=0.10, ge=0, description="US dollars that one run may spend at OpenAlex."
    )

    @field_validator(
        "local_dir",
        "restricted_dir",
        "datasets_dir",
        "duckdb_spill_dir",
        "dashboard_sign_in",
        mode="before",
    )
    @classmethod
    def _on_this_machine(cls, value: object) -> object:
        if "://" in str(value):
            raise ValueError("A path on this machine is needed, not an address.")
        return value or None

    @field_validator("source_hosts", "dashboard_readers", mode="before")
    @classmethod
    def _named_in_a_list(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(name.strip().lower() for name in value.split(",") if name.strip())

    @field_validator("dashboard_readers")
    @classmethod
    def _readers_sign_in(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if value and info.data.get("dashboard_sign_in") is None:
            raise ValueError(
                "Without TALENTCAST_DASHBOARD_SIGN_IN nobody knows who reads; set both or neither."
            )
        return value

    @property
    def local(self) -> Path:
        """Where this machine keeps what it shares with no other: the home, if that is a folder."""
        return self.home if isinstance(self.home, Path) else self.local_dir

    @property
    def snapshots(self) -> StorePath:
        """Where raw inputs are kept."""
        return self.snapshots_dir or self.home / "snapshots"

    @property
    def downloads(self) -> Path:
        """Where a fetch of many pages that is under way is kept, with the lock that guards it."""
        kept = self.snapshots
        return (kept if isinstance(kept, Path) else self.local / "snapshots") / "downloads"

    @property
    def releases(self) -> StorePath:
        """Where published tables are kept."""
        return self.releases_dir or self.home / "releases"

    @property
    def restricted(self) -> Path:
        """Where anything about individuals is kept; never under `releases`."""
        return self.restricted_dir or self.local / "restricted"

    @property
    def datasets(self) -> Path:
        """Where it is noted which sets of people were published from which folder."""
        return self.datasets_dir or user_state_path("talentcast") / "datasets"

    @property
    def reports(self) -> Path:
        """Where reports are written: of data checks, and of releases for readers."""
        return self.local / "reports"


class PrefectServer(BaseSettings):
    """The server that the user configured; Prefect itself reads the same variables and `.env`."""

    model_config = SettingsConfigDict(
        env_prefix="PREFECT_", env_file=".env", frozen=True, extra="ignore"
    )

    api_url: str | None = None
    api_auth_string: SecretStr | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What a request needs to be admitted."""
        given = self.api_auth_string.get_secret_value() if self.api_auth_string else ""
        if not given:
            return {}
        return {"Authorization": f"Basic {b64encode(given.encode()).decode()}"}


def for_other_machines(settings: Settings) -> Settings:
    """Return settings to send elsewhere: folders by their whole path, and no secrets.

    Workers have secrets that they need in their own environment.
    """
    changed: dict[str, object] = {}
    for name, value in settings:
        if isinstance(value, Path):
            changed[name] = value.absolute()
        elif isinstance(value, SecretStr):
            changed[name] = None
    return settings.model_copy(update=changed)


def load_settings(
    home: StorePath | str | None = None, *, max_cost: float | None = None
) -> Settings:
    """Read the environment; `home` and `max_cost`, where given, take precedence over it.

    Raises:
        ConfigurationError: If a variable, or the address of a home, cannot be understood.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        name = "TALENTCAST_" + "_".join(str(part) for part in problem["loc"]).upper()
        raise ConfigurationError(
            f"{name} is unusable: {problem['msg']}. See .env.example for what it may be."
        ) from None
    chosen = {"home": None if home is None else _home(home), "openalex_max_cost": max_cost}
    return settings.model_copy(
        update={name: value for name, value in chosen.items() if value is not None}
    )


def _home(home: StorePath | str) -> StorePath:
    try:
        return store_path(home)
    except ValueError as error:
        raise ConfigurationError(str(error), parameters=("home",)) from None


def server_url() -> str | None:
    """Return the Prefect server the user configured, if any."""
    return PrefectServer().api_url or None
