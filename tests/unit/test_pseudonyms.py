"""Pseudonyms: no way back without the key, and no run without one."""

import hashlib
import os
import secrets
from pathlib import Path

import pandas as pd
import pytest

from features.career_records import CareerRecords
from privacy.pseudonyms import PseudonymKey, pseudonymised, require_key
from talentcast.domain.errors import ConfigurationError

KEY = PseudonymKey(secrets.token_bytes(32))


def test_f095_an_attacker_with_every_id_but_no_key_finds_nobody() -> None:
    """The dictionary attack: hash all known ids in the usual ways and compare."""
    ids = [f"0000-0001-{number:04d}-0000" for number in range(2000)]
    published = {KEY.pseudonym(researcher_id) for researcher_id in ids}
    guesses = set()
    for digest in (hashlib.sha256, hashlib.sha1, hashlib.md5, hashlib.sha512):
        guesses |= {digest(researcher_id.encode()).hexdigest()[:64] for researcher_id in ids}
    guesses |= {PseudonymKey(bytes(range(32))).pseudonym(researcher_id) for researcher_id in ids}
    assert not published & (guesses | set(ids))
    assert len(published) == len(ids)


def test_the_key_opens_what_it_closed_and_stays_out_of_sight() -> None:
    assert KEY.pseudonym("a") == PseudonymKey(KEY.secret).pseudonym("a")
    assert repr(KEY.secret) not in repr(KEY)


@pytest.mark.parametrize("text", [None, "", "short", "0123456789abcdef", "a" * 64])
def test_a_run_on_real_people_refuses_to_start_without_a_good_key(text: str | None) -> None:
    with pytest.raises(ConfigurationError):
        require_key(text)


def test_f095_a_key_beside_the_data_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="beside the data"):
        require_key(None, file=Path("data/key"), apart_from=[Path("data")])


TEXT = "0123456789abcdef" * 4
needs_modes = pytest.mark.skipif(os.name != "posix", reason="files have no modes here")


def key_file(folder: Path, mode: int) -> Path:
    path = folder / "people.key"
    path.write_text(f"{TEXT}\n")
    path.chmod(mode)
    return path


@needs_modes
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o777, 0o601])
def test_f095_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = key_file(tmp_path, mode)
    link = tmp_path / "link.key"
    link.symlink_to(path)
    for named in (path, link):
        with pytest.raises(ConfigurationError, match=f"chmod 600 {path}"):
            require_key(None, file=named)


@needs_modes
@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_f095_a_key_of_its_owner_alone_is_read(tmp_path: Path, mode: int) -> None:
    path = key_file(tmp_path, mode)
    link = tmp_path / "link.key"
    link.symlink_to(path)
    for named in (path, link):
        assert require_key(None, file=named) == PseudonymKey(TEXT.encode())


def test_f095_what_is_no_key_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(pipe := tmp_path / "pipe")
    for path in (pipe, tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ConfigurationError, match="key"):
            require_key(None, file=path)


def test_no_id_of_the_input_is_left_in_pseudonymised_records() -> None:
    table = pd.DataFrame({"researcher_id": ["a", "b"], "year": [2000, 2001]})
    records = pseudonymised(CareerRecords(table, table, table), KEY)
    for part in (records.careers, records.coauthor_countries, records.affiliation_weights):
        assert part["researcher_id"].str.fullmatch("[0-9a-f]{64}").all()
    assert table["researcher_id"].tolist() == ["a", "b"]


def test_many_pseudonyms_at_once_are_those_of_one_after_the_other() -> None:
    for length in (32, 64, 65, 200):
        key = PseudonymKey(bytes(number % 251 for number in range(length)))
        ids = ["a", "", "https://example.org/A1", "é"]
        raw = key.raw_pseudonyms(ids)
        assert [one.hex() for one in raw] == [key.pseudonym(one) for one in ids]
