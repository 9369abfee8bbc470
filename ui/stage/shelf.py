"""What was packed for a page, over HTTP by its digest: `GET shelf/<digest>`. The last few are kept."""

import hashlib
from collections import OrderedDict
from threading import Lock

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

KEPT = 96
"""How many are kept, the last asked for or put there: some tens of kilobytes each."""


class Shelf:
    """Bytes by their digest, the last used."""

    def __init__(self, room: int = KEPT) -> None:
        """An empty one with room for so many."""
        self._room, self._lock = room, Lock()
        self._bodies: OrderedDict[str, bytes] = OrderedDict()

    def put(self, body: bytes) -> str:
        """Keep these bytes; returns where the browser fetches them, relative to the page."""
        digest = hashlib.sha256(body).hexdigest()[:24]
        with self._lock:
            self._bodies[digest] = body
            self._bodies.move_to_end(digest)
            while len(self._bodies) > self._room:
                self._bodies.popitem(last=False)
        return f"shelf/{digest}"

    def get(self, digest: str) -> bytes | None:
        """The bytes with that digest; None where they are not kept, or no longer."""
        with self._lock:
            if digest in self._bodies:
                self._bodies.move_to_end(digest)
            return self._bodies.get(digest)


SHELF = Shelf()


def shelf_route(request: Request) -> Response:
    """Answer with what is kept under a digest; 404 where nothing is."""
    body = SHELF.get(request.path_params["digest"])
    if body is None:
        return PlainTextResponse("It is no longer kept: load the page again, and it is made again.", 404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(body, media_type="application/octet-stream", headers=headers)


SHELF_ROUTES = (Route("/shelf/{digest}", shelf_route),)
