"""Publish while one request of a publication goes wrong, each one in turn."""

from __future__ import annotations

from collections.abc import Iterator

from object_store import ObjectServer
from release_drafts import NOW, draft
from store_proxy import Fault, Spoil

from storage.objects import ObjectPath
from talentcast.domain.errors import StoreError
from talentcast.store.pointer import events, find_release
from talentcast.store.publisher import publish
from talentcast.store.reader import read_rows
from talentcast.store.verification import verify

KINDS: tuple[Spoil, ...] = ("refuse", "refuse after", "cut", "cut body")
#: More requests than a publication to a small store makes.
MOST_REQUESTS = 150


def problems_of(
    server: ObjectServer, root: ObjectPath, what: Spoil, skip: int, *, times: int
) -> Iterator[str]:
    """Publish with a fault after so many requests, publish again without; say what is wrong.

    The release before must stay served, the new one must be there once and whole, and an error
    must be one of ours.
    """
    before = publish(draft(), root, published_at=NOW)
    wanted = draft("b" * 64, ITA="Italy")
    with server.proxy.spoiling(Fault(what, skip=skip, times=times)):
        try:
            publish(wanted, root, published_at=NOW)
            said = ""
        except StoreError as error:
            said = str(error)
        except Exception as error:
            said = repr(error)
            yield f"an error of another kind: {said}"
    served = find_release("latest", root)
    if served.release_id not in (before.release_id, wanted.identity.release_id):
        yield f"{served.release_id} is served"
    if not said and served.release_id != wanted.identity.release_id:
        yield "it was acknowledged and is not served"
    if len(read_rows("country_names", served, root)) != (1 if served != before else 2):
        yield "rows are missing"
    again = publish(wanted, root, published_at=NOW)
    listed = [event.release_id for event in events(root)]
    if listed != [before.release_id, wanted.identity.release_id]:
        yield f"events are {listed}"
    yield from verify(again, root)
