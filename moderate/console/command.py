"""`moderate console`: the review console in a browser on this computer."""

import signal
from contextlib import suppress
from datetime import UTC, datetime
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from moderate.console.server import Api, Console
from moderate.copies import decide_ports
from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.failures import CommandFailed
from moderate.output import results
from moderate.review_ports import review_ports
from moderate.roles import acting_as
from moderation.domain.image_ref import ImageRef
from moderation.errors import EscalationRefused, LogRefused
from moderation.ports import AuditReader
from moderation.usecases.review.escalate import EscalatePorts
from moderation.usecases.review.escalate import escalate as put_into_quarantine
from moderation.usecases.review.finalise import finalise
from moderation.usecases.review.reveal import RevealPorts
from moderation.usecases.review.vouch import Voucher, VouchPorts

if TYPE_CHECKING:
    from moderation.api.api_ports import ApiPorts
    from moderation.api.log_actions import LogPorts

EXAMPLES = "Examples:\n\nmoderate console\n\nAWS_PROFILE=reviews moderate console"


def console(stack: StackOption = DEFAULT_STACK) -> None:
    """Review images in a browser, until Ctrl-C.

    A link is printed that works once, on this computer alone; whenever it was used, another is printed. Everything is
    done in your own name with the role Reviewer. Whoever holds that role can also do without the console what it
    records, so its audit is no evidence against them: that of a deployed console is.
    """
    own = find(stack)
    deployment = acting_as(own, "Reviewer")
    _check_rights(deployment)
    with Console(_api(own, deployment), _pictures(deployment), on_entry=lambda: _show(server)) as server:
        _show(server)
        Thread(target=server.serve_forever, daemon=True).start()
        with suppress(KeyboardInterrupt):
            signal.pause()
        server.shutdown()


def _show(server: Console) -> None:
    results.print(f"Review console: {server.link}", soft_wrap=True)


def _api(own: Deployment, deployment: Deployment) -> Api:
    # other commands start faster without Powertools
    from moderation.api.serve import answered, resolver
    from moderation.observability import logger

    logger.setLevel("ERROR")
    ports, logs = _ports(own, deployment), _logs(own, deployment)
    app = resolver(ports, lambda event: deployment.people.find(deployment.caller), logs)
    return lambda event: answered(app, event)


def _ports(own: Deployment, deployment: Deployment) -> "ApiPorts":
    """Return the ports of a reviewer; `own` is the caller's, who takes another role to escalate."""
    from moderation.api.api_ports import ApiPorts

    review = review_ports(deployment)

    def finish(image: ImageRef, pending: str) -> str:
        return finalise(review, decide_ports(deployment), image, pending, datetime.now(UTC)).refused

    def escalate(image: ImageRef, who: str) -> None:
        try:
            acting = acting_as(own, "Quarantine")
        except CommandFailed as error:
            raise EscalationRefused(
                "Nothing was escalated: you may not. Don't show it to anybody. Give its name and version "
                f"({image.version}) to the person whom your organisation has named for this "
                f"(docs/security.md#illegal-content), and let the item wait meanwhile. {error}"
            ) from error
        ports = EscalatePorts(acting.verdicts, acting.work, acting.quarantine, acting.audit)
        put_into_quarantine(ports, image, who, datetime.now(UTC))

    reveal = RevealPorts(
        deployment.verdicts, deployment.review_queue, deployment.pictures, deployment.reveal_counts, deployment.audit
    )
    vouching = VouchPorts(deployment.intake_bucket, deployment.verdicts, deployment.vouches, deployment.people)
    voucher, originals = Voucher(vouching, deployment.caller), deployment.originals.render
    return ApiPorts(review, reveal, deployment.policies, finish, escalate, originals, lambda token: voucher)


def _logs(own: Deployment, deployment: Deployment) -> "LogPorts":
    """Return the ports of the logs: the audit log takes another role, that of policies the caller's own rights."""
    from moderation.api.log_actions import LogPorts

    def audit() -> AuditReader:
        try:
            return acting_as(own, "Auditor").audit_reader
        except CommandFailed as error:
            raise LogRefused(f"The audit log can't be read. {error}") from error

    return LogPorts(deployment.people, audit, own.policy_log)


def _check_rights(deployment: Deployment) -> None:
    if deployment.people.find(deployment.caller) is None:
        raise CommandFailed(
            f"You ({deployment.caller}) have no rights in the console: an administrator gives you some with "
            f"`moderate people set {deployment.caller} --role reviewer`."
        )


def _pictures(deployment: Deployment) -> str:
    """Return the origin of links to the work bucket's files."""
    parts = urlsplit(deployment.pictures.link("any", 1))
    return f"{parts.scheme}://{parts.netloc}"
