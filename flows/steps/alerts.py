"""Tell of what changed with a release: each change once to each address, also if it was down.

A release has a file of its alerts, and of those that an address still waits for. What cannot be
sent stays in it for the next run, so an address that is down delays nothing.
"""

from __future__ import annotations

import json
import smtplib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Final

import httpx

from readers.summaries.alerts import Alert, alerts_between
from storage.files import write_atomically
from talentcast.config import Settings
from talentcast.domain.errors import SourceUnavailableError
from talentcast.store.failures import storage_failures
from talentcast.store.pointer import list_releases
from talentcast.store.release import Release

#: Seconds that one address may take; after a failure it is left alone until the next run.
PATIENCE: Final = 3.0
#: Runs later than so many releases back are not caught up on.
_KEPT: Final = 5

Send = Callable[[Alert, Settings], None]


@dataclass(frozen=True)
class Outbox:
    """The alerts of one release.

    Attributes:
        waiting: Ids of alerts by address that were not sent yet.
    """

    alerts: tuple[Alert, ...]
    waiting: Mapping[str, tuple[str, ...]]

    def without(self, channel: str, alert_id: str) -> Outbox:
        """Return the outbox after an alert was sent."""
        left = tuple(one for one in self.waiting[channel] if one != alert_id)
        return Outbox(self.alerts, {**self.waiting, channel: left})


def tell_of_changes(settings: Settings) -> int:
    """Send what was not sent of the latest releases; return how many alerts went out.

    Raises:
        SourceUnavailableError: If an address could not be reached; the rest was sent.
    """
    current = [one for one in list_releases(settings.releases) if one.is_current]
    if current:
        _note_changes(current, settings)
    sent = 0
    problems: list[tuple[str, str]] = []
    for release in reversed(current[:_KEPT]):
        for channel, send in _channels(settings).items():
            if channel in {name for name, _ in problems}:
                continue
            done, problem = _send_waiting(release, channel, send, settings)
            sent += done
            problems += [(channel, problem)] if problem else []
    if problems:
        channel, problem = problems[0]
        raise SourceUnavailableError(f"The {channel} could not be reached ({problem}).")
    return sent


def alerts_of(release: Release, settings: Settings) -> tuple[Alert, ...]:
    """Return what changed with a release; nothing if that was not looked at."""
    found = _read(_path(release, settings))
    return () if found is None else found.alerts


def link_of(alert: Alert, settings: Settings) -> str:
    """Return where a reader sees it; a command where no address is known."""
    if settings.dashboard_url is None:
        return f"talentcast releases show {alert.release_id}"
    return f"{settings.dashboard_url.rstrip('/')}/{alert.page}"


def _note_changes(current: list[Release], settings: Settings) -> None:
    """Write the outbox of the newest release, once."""
    newest, *earlier = current
    path = _path(newest, settings)
    if path.exists():
        return
    found = alerts_between(earlier[0], newest, settings.releases) if earlier else []
    ids = tuple(alert.id for alert in found)
    # An address that is set later is not told of what was before.
    _write(path, Outbox(tuple(found), dict.fromkeys(_channels(settings), ids)))


def _send_waiting(
    release: Release, channel: str, send: Send, settings: Settings
) -> tuple[int, str]:
    path = _path(release, settings)
    outbox = _read(path)
    if outbox is None:
        return 0, ""
    done = 0
    for alert in outbox.alerts:
        if alert.id not in outbox.waiting.get(channel, ()):
            continue
        try:
            send(alert, settings)
        except (httpx.HTTPError, smtplib.SMTPException, OSError) as error:
            return done, type(error).__name__
        outbox = outbox.without(channel, alert.id)
        _write(path, outbox)
        done += 1
    return done, ""


def _channels(settings: Settings) -> dict[str, Send]:
    """Return how to send to each address that is set."""
    known = {
        "webhook": (settings.alert_webhook, _post),
        "mail server": (settings.alert_mail_server and settings.alert_mail_to, _mail),
    }
    return {name: send for name, (is_set, send) in known.items() if is_set}


def _post(alert: Alert, settings: Settings) -> None:
    if settings.alert_webhook is None:
        return
    link = link_of(alert, settings)
    body = {"id": alert.id, "kind": alert.kind, "text": f"{alert.said} {link}", "link": link}
    address = settings.alert_webhook.get_secret_value()
    httpx.post(address, json=body, timeout=PATIENCE).raise_for_status()


def _mail(alert: Alert, settings: Settings) -> None:
    host, _, port = str(settings.alert_mail_server).partition(":")
    message = EmailMessage()
    message["Subject"] = f"talentcast: {alert.kind.replace('_', ' ')}"
    message["From"] = settings.alert_mail_from
    message["To"] = settings.alert_mail_to
    message.set_content(f"{alert.said}\n{link_of(alert, settings)}\n")
    with smtplib.SMTP(host, int(port or 25), timeout=PATIENCE) as server:
        server.send_message(message)


def _path(release: Release, settings: Settings) -> Path:
    return settings.local / "alerts" / f"{release.release_id}.json"


def _read(path: Path) -> Outbox | None:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    waiting = {name: tuple(ids) for name, ids in stored["waiting"].items()}
    return Outbox(tuple(Alert(**one) for one in stored["alerts"]), waiting)


def _write(path: Path, outbox: Outbox) -> None:
    content = {"alerts": [asdict(one) for one in outbox.alerts], "waiting": dict(outbox.waiting)}
    with storage_failures(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(content, indent=1).encode())
