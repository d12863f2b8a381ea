"""Put one query, a view with some questions, to the vision model."""

import time

from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.findings import unanswerable
from moderation.domain.manifest import evidence_to_json, manifest_from_json
from moderation.domain.prompt import question_prompt
from moderation.domain.work_files import Workspace
from moderation.errors import InvalidPolicy, ModerationError
from moderation.ports import VisionModel, WorkStore

_SHADOW_S = 30  # of waiting for answers without effect


def query_image(work: WorkStore, model: VisionModel, workspace: Workspace, number: int) -> int:
    """Send the manifest's query of that number and write the answers to the work bucket.

    Returns the milliseconds that the model took. Raises the errors of the ports, and InvalidPolicy if the pack in force
    asks a question that the model answers yes about a blank image. An error of the model in a shadow query is written
    instead of the answers, and the model gets less time: no image waits for the retries of a shadow pack.
    """
    manifest = manifest_from_json(work.get_json(workspace.manifest))
    query = manifest.queries[number]
    png = work.get_bytes(workspace.view(query.view))
    started = time.monotonic()
    try:
        prompts = [question_prompt(text) for text in query.questions]
        reply = model.ask(png, prompts, query.caption, _SHADOW_S if query.shadow else None)
    except ModerationError as error:
        if not query.shadow:
            raise
        work.put_json(workspace.answers(number), {"error": str(error)})
        return round((time.monotonic() - started) * 1000)
    milliseconds = round((time.monotonic() - started) * 1000)
    evidence = Evidence(
        answers=tuple(
            Answer(query.view, question, scored.text, scored.p_yes, scored.p_blank, scored.p_yes_no)
            for question, scored in zip(query.questions, reply.answers, strict=True)
        ),
        captions=(Caption(query.view, reply.caption),) if reply.caption is not None else (),
    )
    work.put_json(
        workspace.answers(number),
        {"model": reply.model, "milliseconds": milliseconds, "evidence": evidence_to_json(evidence)},
    )
    p_blank = {question: scored.p_blank for question, scored in zip(query.questions, reply.answers, strict=True)}
    subtracted = any(scored.p_yes is not None for scored in reply.answers)
    if not query.shadow and (faults := unanswerable(manifest.pack, p_blank, subtracted)):
        raise InvalidPolicy(f"Pack {manifest.pack.name} can't be used with this model. {faults[0]}.")
    return milliseconds
