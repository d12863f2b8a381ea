"""QueryImage: put one query, a view with some questions, to BLIP-2."""

import time
from typing import Any

from moderation import wiring
from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.manifest import Workspace, evidence_to_json, manifest_from_json
from moderation.domain.prompt import question_prompt
from moderation.observability import identify, logger, observed, took


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """`{prefix, query}` → nothing: the answers go to the work bucket."""
    milliseconds = query_image(wiring.query_image(), Workspace(event["prefix"]), event["query"])
    took("QueryMilliseconds", milliseconds)
    logger.info("answered", query=event["query"])


def query_image(parts: wiring.QueryImage, workspace: Workspace, number: int) -> int:
    """Ask, and leave the answers in the work bucket; milliseconds that took. Raises the errors of the ports."""
    manifest = manifest_from_json(parts.work.get_json(workspace.manifest))
    identify(manifest.image, workspace.execution)
    query = manifest.queries[number]
    png = parts.work.get_bytes(workspace.view(query.view))
    started = time.monotonic()
    reply = parts.model.ask(png, [question_prompt(text) for text in query.questions], query.caption)
    milliseconds = round((time.monotonic() - started) * 1000)
    evidence = Evidence(
        answers=tuple(
            Answer(query.view, question, scored.text, scored.p_yes, scored.p_blank)
            for question, scored in zip(query.questions, reply.answers, strict=True)
        ),
        captions=(Caption(query.view, reply.caption),) if reply.caption is not None else (),
    )
    parts.work.put_json(
        workspace.answers(number),
        {"model": reply.model, "milliseconds": milliseconds, "evidence": evidence_to_json(evidence)},
    )
    return milliseconds
