"""Ports of the review's use cases over a deployment."""

from moderate.deployment import Deployment
from moderation.usecases.review.ports_of import ReviewPorts


def review_ports(deployment: Deployment) -> ReviewPorts:
    """Return the ports under the deployment's own credentials."""
    return ReviewPorts(
        bucket=deployment.intake_bucket,
        verdicts=deployment.verdicts,
        queue=deployment.review_queue,
        people=deployment.people,
        audit=deployment.audit,
        images=deployment.images,
        work=deployment.work,
        policies=deployment.policies,
    )
