"""AskCanary: once an hour, ask the vision model two questions whose answers are known."""

from typing import Any

from moderation import wiring
from moderation.errors import PermanentError, TransientError
from moderation.observability import add_count, logger, observed
from moderation.usecases.ask_canary import ask_canary


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, bool | None]:
    """EventBridge's schedule → `{right}`, null if the model wasn't asked or didn't answer.

    Nothing is raised for an endpoint that fails: Lambda would ask it again, and traffic has alarms for that.
    """
    ports = wiring.ask_canary()
    try:
        fault = ask_canary(ports.traffic, ports.canaries, ports.model)
    except TransientError as error:
        logger.warning("not answered", error=type(error).__name__, reason=str(error))
        return {"right": None}
    except PermanentError as error:
        fault = str(error)
    if fault is None:
        logger.info("not asked: no answer within the hour")
        return {"right": None}
    logger.info("answered", right=not fault, fault=fault)
    add_count("CanaryWrong", int(bool(fault)))
    return {"right": not fault}
