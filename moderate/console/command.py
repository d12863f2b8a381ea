"""`moderate console`: the review console in a browser on this computer."""

import signal
from contextlib import suppress
from threading import Thread
from urllib.parse import urlsplit

from moderate.console.server import Api, Console
from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.output import results
from moderate.roles import acting_as
from moderation.domain.people import Person
from moderation.domain.record import name_of
from moderation.wiring import ApiPorts

EXAMPLES = "Examples:\n\nmoderate console\n\nAWS_PROFILE=reviews moderate console"
_ROLES = frozenset({"reviewer", "lead", "auditor"})


def console(stack: StackOption = DEFAULT_STACK) -> None:
    """Review images in a browser, until Ctrl-C.

    A link is printed that works once, on this computer alone; whenever it was used, another is printed. Everything is
    done in your own name with the role Reviewer. Whoever holds that role can also do without the console what it
    records, so its audit is no evidence against them: that of a deployed console is.
    """
    deployment = acting_as(find(stack), "Reviewer")
    with Console(_api(deployment), _pictures(deployment), on_entry=lambda: _show(server)) as server:
        _show(server)
        Thread(target=server.serve_forever, daemon=True).start()
        with suppress(KeyboardInterrupt):
            signal.pause()
        server.shutdown()


def _show(server: Console) -> None:
    results.print(f"Review console: {server.link}", soft_wrap=True)


def _api(deployment: Deployment) -> Api:
    # other commands start faster without Powertools
    from moderation.api.serve import answered, resolver
    from moderation.observability import logger

    logger.setLevel("ERROR")
    ports = ApiPorts(deployment.intake_bucket, deployment.verdicts, deployment.work, deployment.policies)
    person = Person(id=deployment.caller, pseudonym=name_of(deployment.caller), roles=_ROLES)
    app = resolver(ports, lambda event: person)

    return lambda event: answered(app, event)


def _pictures(deployment: Deployment) -> str:
    """Return the origin of links to the work bucket's files."""
    url = deployment.s3.generate_presigned_url(
        "get_object", Params={"Bucket": deployment.output("WorkBucketName"), "Key": "x"}
    )
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
