"""JudgeImage: let Llama 2 judge the evidence under the policy, and decide."""

from typing import Any

from moderation import wiring
from moderation.domain.work_files import Workspace
from moderation.observability import add_count, add_duration, bind_image, logger, observed
from moderation.usecases.judge_image import TimeBudget, judge_image


@observed
def handler(event: dict[str, Any], context: Any) -> None:
    """`{prefix}` → nothing: the judgement goes to the work bucket."""
    ports, workspace = wiring.judge_image(), Workspace(event["prefix"])
    bind_image(workspace.image_id, workspace.execution)
    judged = judge_image(ports.work, ports.judge, workspace, TimeBudget(context.get_remaining_time_in_millis))
    add_count("ShadowErrors", len(judged.shadow_errors))
    if judged.shadow_errors:
        logger.warning("shadow packs without a verdict", packs=sorted(judged.shadow_errors))
    if judged.enforced is None:
        logger.info("reused an earlier judgement")
        add_count("VerdictsReused")
        return
    add_duration("JudgeMilliseconds", judged.milliseconds)
    add_count("JudgeRepairs", max(0, judged.enforced.asked - 1))
    add_count("JudgeSpared", sum(outcome.asked == 0 for outcome in (judged.enforced, *judged.shadow.values())))
    decision = judged.enforced.decision
    logger.info("judged", verdict=decision.verdict, decided_by=decision.decided_by, row=decision.row)
