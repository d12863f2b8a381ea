"""People who decide on uploads while the pipeline may still be working on them."""

from local.harness.laptop import Laptop
from moderation.adapters.dynamodb_decisions import DynamoDecisionStore
from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
from moderation.adapters.policies import S3PolicyStore
from moderation.adapters.s3_images import S3ImageStore
from moderation.adapters.s3_work import S3WorkStore
from moderation.adapters.sns_publisher import SnsPublisher
from moderation.contract import TOPIC_OUTPUTS
from moderation.domain.image_ref import ImageRef
from moderation.usecases.decide import DecidePorts, PersonDecision, decide
from scripts.soak.images import SoakImage

_CATEGORY = "Weapons"


def overrule(ports: DecidePorts, upload: ImageRef, image: SoakImage) -> None:
    """Decide on an upload that has a record as its person does, on this copy alone."""
    record, verdict = ports.verdicts.get(upload), image.persons_verdict
    if record and verdict:
        categories = (_CATEGORY,) if verdict == "unsafe" else ()
        decide(ports, record, PersonDecision(verdict, categories, "Seen in the soak.", "soak", this_copy=True))


def reviewer(laptop: Laptop) -> DecidePorts:
    """Return the ports of a person under the reviewers' role. No fault is injected into their calls."""
    s3, dynamodb, sns = (laptop.client_of("Reviewer", service) for service in ("s3", "dynamodb", "sns"))
    outputs = laptop.outputs
    topics = {verdict: outputs[name] for verdict, name in TOPIC_OUTPUTS.items() if name in outputs}
    return DecidePorts(
        images=S3ImageStore(s3),
        work=S3WorkStore(s3, outputs["WorkBucketName"]),
        policies=S3PolicyStore(s3, outputs["PolicyBucketName"]),
        verdicts=DynamoVerdictStore(dynamodb, outputs["VerdictTableName"]),
        decisions=DynamoDecisionStore(dynamodb, outputs["VerdictTableName"]),
        publisher=SnsPublisher(sns, topics),
        notified_verdicts=frozenset(topics),
    )
