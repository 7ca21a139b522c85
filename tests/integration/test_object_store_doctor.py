"""`talentcast doctor --home s3://...` finds what is wrong with a store, and says what to do."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from console import Console
from object_store import S3_SERVERS, ObjectServer
from pydantic import TypeAdapter
from store_proxy import Fault

from flows.parameters import Home
from storage.objects import ObjectPath
from talentcast.config import load_settings
from talentcast.domain.errors import ConfigurationError


@pytest.fixture
def findings(talentcast: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Findings:
    monkeypatch.setenv("TALENTCAST_LOCAL_DIR", str(tmp_path))
    return Findings(talentcast)


class Findings:
    def __init__(self, console: Console) -> None:
        self.console = console

    def of(self, home: ObjectPath) -> tuple[int, dict[str, dict[str, str]]]:
        """Return the exit code, and what a doctor says of the releases by what was tried."""
        code, out, _ = self.console("doctor", "--home", str(home), "--json")
        rows = {row["what"]: row for row in json.loads(out)}
        found = {
            what.removeprefix("releases: "): row
            for what, row in rows.items()
            if what.startswith("releases: ")
        }
        return code, found


def test_a_good_store_has_nothing_to_fix(findings: Findings, bucket: ObjectPath) -> None:
    code, found = findings.of(bucket)
    assert code == 0
    assert [row["state"] for row in found.values()] == ["ok"] * 4
    assert set(found) == {"bucket", "right to write", "conditional writes", "clock"}
    assert bucket.names_after("") == []  # what was written for it is gone


def test_no_bucket(findings: Findings, bucket: ObjectPath) -> None:
    code, found = findings.of(ObjectPath("s3", "nobody-has-this", "talentcast"))
    assert (code, found["bucket"]["state"]) == (6, "fix")
    assert found["bucket"]["do"].startswith("Create the bucket")
    assert list(found) == ["bucket"]


def test_no_right_to_write(
    findings: Findings, bucket: ObjectPath, object_server: ObjectServer
) -> None:
    refuses = Fault("refuse", method="PUT", status=403, code="AccessDenied", message="No.")
    with object_server.proxy.spoiling(refuses):
        code, found = findings.of(bucket)
    assert (code, found["right to write"]["state"]) == (6, "fix")
    assert "the right to read, list, write and delete" in found["right to write"]["do"]


@pytest.mark.parametrize(
    ("object_server", "fault"),
    [
        # Conditions are signed, so that SeaweedFS would refuse what lacks them; moto does not look.
        ("s3", Fault("strip", method="PUT")),
        *(
            (name, Fault("refuse", "PUT", status=501, code="NotImplemented", skip=2, times=40))
            for name in S3_SERVERS
        ),
    ],
    indirect=["object_server"],
)
def test_no_conditional_writes(
    findings: Findings, bucket: ObjectPath, object_server: ObjectServer, fault: Fault
) -> None:
    with object_server.proxy.spoiling(fault):
        code, found = findings.of(bucket)
    assert (code, found["conditional writes"]["state"]) == (6, "fix")
    assert "lacks conditional writes" in found["conditional writes"]["do"]
    assert bucket.names_after("") == []


def test_a_clock_that_is_wrong(
    findings: Findings, bucket: ObjectPath, object_server: ObjectServer
) -> None:
    hour_ago = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    with object_server.proxy.spoiling(Fault("header", header=("Last-Modified", hour_ago))):
        code, found = findings.of(bucket)
    assert (code, found["clock"]["state"]) == (6, "fix")
    assert "Set the clock" in found["clock"]["do"]
    too_late = Fault("refuse", status=403, code="RequestTimeTooSkewed", message="Too large.")
    with object_server.proxy.spoiling(too_late):
        code, found = findings.of(bucket)
    assert (code, found["bucket"]["state"]) == (6, "fix")
    assert "Set the clock" in found["bucket"]["do"]


def test_an_address_with_a_secret_is_refused_and_not_repeated(
    talentcast: Console, tmp_path: Path
) -> None:
    for address in ("s3://key:s3cret@bucket/talentcast", "ftp://user:s3cret@host/x"):
        code, out, err = talentcast("doctor", "--home", address)
        assert code == 6
        assert "s3cret" not in out + err


def test_an_address_is_no_path() -> None:
    with pytest.raises(ConfigurationError, match="Give it as text"):
        load_settings(Path("s3://bucket/talentcast"))
    assert TypeAdapter(Home).validate_json('"s3://bucket/x"') == "s3://bucket/x"


def test_no_credentials_and_no_tls(
    findings: Findings, bucket: ObjectPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ObjectPath("s3", f"{bucket.bucket}-x", "talentcast")  # a client of its own
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    code, found = findings.of(other)
    assert (code, found["bucket"]["state"]) == (6, "fix")
    assert "AWS_ALLOW_HTTP=true" in found["bucket"]["do"]
