"""The API over a deployment in memory, asked as API Gateway asks it."""

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from PIL import Image

from moderation.api.api_ports import ApiPorts
from moderation.api.log_actions import LogPorts
from moderation.api.serve import answered, app_resolver, resolver
from moderation.domain.image_ref import ImageRef
from moderation.domain.item_name import item_name
from moderation.domain.people import Person
from moderation.domain.policy import Pack, Route, Routes, pack_data
from moderation.domain.record import decided
from moderation.domain.work_files import Workspace, pack_file
from moderation.ports import Policies, StoredImage
from moderation.usecases.decide import DecidePorts
from moderation.usecases.decision_keys import deployment_secret
from moderation.usecases.review.finalise import finalise
from moderation.usecases.review.ports_of import ReviewPorts
from moderation.usecases.review.render_original import OriginalPorts, render_original
from moderation.usecases.review.reveal import RevealPorts
from moderation.usecases.review.vouch import VouchPorts
from tests.support.fakes import (
    EverybodysVoucher,
    FakeAudit,
    FakeAuditFiles,
    FakeImages,
    FakePeople,
    FakePictures,
    FakePolicies,
    FakePolicyLog,
    FakePublisher,
    FakeRevealCounts,
    FakeReviewQueue,
    FakeVerdicts,
    FakeVouches,
    FakeWork,
)
from tests.unit.packs import PACK

BUCKET = "intake"
# One grey pixel.
PREVIEW = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
HOSTILE = '<img src=x onerror="alert(1)">'


class PacksInForce(FakePolicies):
    """One pack for every key, and the routes that say so."""

    def routes(self) -> Routes:
        return Routes((Route("", self.pack_in_force.name),))

    def pack(self, name: str) -> Pack:
        assert name == self.pack_in_force.name
        return self.pack_in_force

    @property
    def pack_in_force(self) -> Pack:
        return self.for_key("").enforce


def person(*roles: str, **more: Any) -> Person:
    return Person(id="sub-1", pseudonym="otter", roles=frozenset(roles), **more)


class Place:
    """A deployment in memory with one image that waits for a person."""

    def __init__(self) -> None:
        self.verdicts, self.work, self.images = FakeVerdicts(), FakeWork(), FakeImages()
        self.audit, self.publisher = FakeAudit(), FakePublisher()
        self.policies: Any = PacksInForce(Policies(PACK, ()))
        self.people = FakePeople()
        self.audit_files, self.policy_log, self.reveals = FakeAuditFiles(), FakePolicyLog(), FakeRevealCounts()
        self.work.put_if_absent(pack_file(PACK.digest), pack_data(PACK))
        self.image = self.put("a#b/photo.jpg")
        self.later, self.ten_seconds = timedelta(), timedelta(seconds=10)
        self.app_routes: APIGatewayHttpResolver
        self.app = self.served()

    def served(self) -> APIGatewayHttpResolver:
        images, work, verdicts = self.images, self.work, self.verdicts
        queue, topics = FakeReviewQueue(verdicts), frozenset({"unsafe", "review"})
        review = ReviewPorts(BUCKET, verdicts, queue, self.people, self.audit, images, work, self.policies)
        deciding = DecidePorts(images, work, self.policies, verdicts, verdicts.decisions, self.publisher, topics)

        def finish(image: ImageRef, pending: str) -> str:
            return finalise(review, deciding, image, pending, datetime.now(UTC) + self.later).refused

        originals = OriginalPorts(verdicts, self.people, images, self.reveals, self.audit)

        def original(image: ImageRef, who: str) -> str:
            return base64.b64encode(render_original(originals, image, who, datetime.now(UTC))).decode()

        reveal = RevealPorts(verdicts, queue, FakePictures(work), self.reveals, self.audit)
        self.escalated: list[tuple[ImageRef, str]] = []
        escalate = lambda *given: self.escalated.append(given)  # noqa: E731
        voucher = EverybodysVoucher(VouchPorts(BUCKET, verdicts, FakeVouches(verdicts), self.people))
        ports = ApiPorts(review, reveal, self.policies, finish, escalate, original, lambda token: voucher)
        self.app_routes = app_resolver(review, lambda event: self.people.find(_subject(event)))
        logs = LogPorts(self.people, lambda: self.audit_files, self.policy_log)
        return resolver(ports, lambda event: self.people.find(_subject(event)), logs)

    def put(self, key: str, **more: Any) -> ImageRef:
        image = ImageRef(BUCKET, key, "v1")
        evidence = [
            {"view": "full", "question": "Safe?", "categories": [], "score": 0.2, "threshold": 0.9, "over": False},
            {
                "view": "tile-5",
                "question": HOSTILE,
                "categories": ["Violence"],
                "score": 0.95,
                "threshold": 0.9,
                "over": True,
                "near": True,
            },
        ]
        said = {
            "verdict": "review",
            "category": "Violence",
            "reason": HOSTILE,
            "decided_by": "judge",
            "row": "disagreement",
            "sha256": "0" * 64,
            "policy": {"name": PACK.name, "digest": PACK.digest},
            "evidence": evidence,
            "answers": [],
            "looked_at": {"views": [{"name": "full"}, {"name": "tile-5"}], "unseen": []},
            "execution": "arn:aws:states:x:execution:m:run",
            "captions": [{"view": "full", "text": HOSTILE}],
            **more,
        }
        stored = decided(said, image, "2026-11-20T10:00:00.000Z", "2026-11-20T10:00:05.000Z")
        self.verdicts.records[image] = {"owner": "x", **stored}
        made = Workspace.of(image, "run")
        self.work.put_json(made.manifest, {"preview": PREVIEW})
        for view in ("full", "tile-5"):
            self.work.put_bytes(made.view(view), b"PNG")
        return image

    def store(self, image: ImageRef, size: tuple[int, int] = (1200, 800)) -> None:
        """Store an upload, which images of this place otherwise lack."""
        buffer = io.BytesIO()
        Image.new("RGB", size, "teal").save(buffer, "PNG")
        self.images.objects[image] = StoredImage(buffer.getvalue(), "image/png")

    def name_of(self, image: ImageRef) -> str:
        return item_name(deployment_secret(self.work), image)

    def ask(self, who: Person | None, method: str, path: str, body: object = None, **query: str) -> tuple[int, Any]:
        """Return the status and the answer."""
        if who:
            self.people.people["sub-1"] = who
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        answer = answered(self.app, event(method, path, text, query, "sub-1" if who else ""))
        assert answer["headers"]["Cache-Control"] == "no-store"
        return answer["statusCode"], json.loads(answer["body"])

    def ask_as_app(self, who: Person | None, method: str, path: str, body: object = None, **query: str) -> Any:
        """Return the status and the answer of an app's route."""
        if who:
            self.people.people["app-1"] = who
        text = None if body is None else json.dumps(body)
        asked = event(method, path, text, query, "app-1" if who else "") | {"rawPath": f"/app{path}"}
        asked["requestContext"]["http"]["path"] = f"/app{path}"
        answer = answered(self.app_routes, asked)
        return answer["statusCode"], json.loads(answer["body"])

    def rewrite(self, **more: Any) -> None:
        self.policies = PacksInForce(Policies(replace(PACK, **more), ()))
        self.app = self.served()


def event(method: str, path: str, body: str | None, query: Mapping[str, str], subject: str) -> dict[str, Any]:
    """The event of an HTTP API, payload 2.0, as its JWT authoriser leaves it."""
    encoded = base64.b64encode(body.encode()).decode() if body is not None else None
    return {
        "version": "2.0",
        "rawPath": f"/api{path}",
        "headers": {"content-type": "application/json"},
        "queryStringParameters": dict(query) or None,
        "requestContext": {
            "http": {"method": method, "path": f"/api{path}"},
            "stage": "$default",
            "authorizer": {"jwt": {"claims": {"sub": subject}, "scopes": None}},
        },
        "body": encoded,
        "isBase64Encoded": encoded is not None,
    }


def _subject(asked: Mapping[str, Any]) -> str:
    return str(asked["requestContext"]["authorizer"]["jwt"]["claims"]["sub"])
