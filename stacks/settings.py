"""Deployment settings from CDK context (`-c name=value`), read once and validated together."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from stacks.contract import BLIP2_WEIGHTS, CONTRACT

LLAMA_SIZES = tuple(CONTRACT["instance_types"]["llama"])
LLAMA_DIALECTS, BLIP2_DIALECTS = tuple(CONTRACT["dialects"]["llama"]), tuple(CONTRACT["dialects"]["blip2"])
_DEFAULTS: dict[str, Any] = CONTRACT["defaults"]
GEOGRAPHIES = (*CONTRACT["bedrock_regions"], "global")
STAGES = ("dev", "prod")
WORKFLOW_TYPES = ("STANDARD", "EXPRESS")
COMPLAINTS = ("accepted", "elsewhere")
COMPLAINT_DAYS: int = CONTRACT["complaint_days"]
# Target of concurrent requests per instance: AWS's own example is 5, and BLIP-2's server batches up to 8.
REQUESTS_PER_INSTANCE = 4

_ENDPOINT_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")
# A key id is a UUID, or `mrk-` and 32 digits for a multi-region key.
_KEY_ARN = re.compile(r"arn:aws(-[a-z]+)*:kms:[a-z0-9-]+:[0-9]{12}:key/[0-9a-z-]{36}")
_BEDROCK = re.compile(
    r"bedrock:(?:arn:aws[a-z-]*:bedrock:[a-z0-9-]+:(?:[0-9]{12})?:(?:foundation-model|inference-profile)/)?"
    # a geography stands before a provider, whose name is of letters: `glm-4` in `zai.glm-4.7` is none
    r"(?P<id>(?:(?P<geography>[a-z-]{2,6})\.(?=[a-z]+\.))?[a-z0-9-]+\.[a-zA-Z0-9.-]+(?::[0-9]+)*)"
)
# A web ACL for CloudFront is global, and its ARN names us-east-1.
_WEB_ACL_ARN = re.compile(r"arn:aws:wafv2:us-east-1:[0-9]{12}:global/webacl/[\w-]{1,128}/[0-9a-f-]{36}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SECRET_ARN = re.compile(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[\w/+=.@-]+-[a-zA-Z0-9]{6}")
# A wildcard, or a variable (${…}), would widen the policy that names the prefix.
_KEY_PREFIX = re.compile(r"(?!.*\$\{)[^/*?][^*?]{0,511}", re.DOTALL)
_S3_PREFIX = re.compile(r"s3://(?!.*\$\{)([a-z0-9][a-z0-9.-]{0,62})/([^*?/]([^*?]*[^*?/])?)/?")


class InvalidSettings(Exception):
    """The context contains settings that can't be deployed; `faults` has one sentence for each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class IntakeSettings:
    """Bucket that images are uploaded to: our own or an existing versioned one, optionally limited to a prefix.

    `key_arn` is the customer-managed key of an existing bucket, if it has one.
    """

    bucket_name: str | None = None
    prefix: str = ""
    key_arn: str | None = None


@dataclass(frozen=True)
class BedrockModel:
    """Judge on Amazon Bedrock: a foundation model, or an inference profile of one for the regions of a geography."""

    id: str
    geography: str | None = None

    @property
    def foundation_model(self) -> str:
        return self.id.removeprefix(f"{self.geography}.")


@dataclass(frozen=True)
class EndpointNames:
    """Names of the SageMaker endpoints, and of the inference component on each if it has one.

    There is no `llama` if the judge is on Bedrock.
    """

    blip2: str
    llama: str | None = None
    blip2_component: str | None = None
    llama_component: str | None = None

    @property
    def logs(self) -> dict[str, str]:
        """Log groups of the two models' containers, which SageMaker names."""
        return {
            model: f"/aws/sagemaker/InferenceComponents/{component}"
            if component
            else f"/aws/sagemaker/Endpoints/{endpoint}"
            for model, (endpoint, component) in self.served.items()
        }

    @property
    def served(self) -> dict[str, tuple[str, str | None]]:
        """Endpoint and component by model, in the spelling of outputs."""
        judge = {"Llama": (self.llama, self.llama_component)} if self.llama else {}
        return {"Blip2": (self.blip2, self.blip2_component), **judge}


@dataclass(frozen=True)
class Instances:
    """Bounds between which an endpoint's instances scale with its load; equal bounds fix the number."""

    minimum: int = CONTRACT["instances"]["least"]
    maximum: int = CONTRACT["instances"]["most"]


@dataclass(frozen=True)
class S3Prefix:
    """Bucket and key prefix in S3; `prefix` ends in a slash."""

    bucket: str
    prefix: str

    @property
    def name(self) -> str:
        """Last folder of the prefix."""
        return self.prefix.rstrip("/").rpartition("/")[2]

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


@dataclass(frozen=True)
class Retention:
    """Retention of data in days after it was written; 0 keeps it until somebody deletes it."""

    records: int = 0
    images: int = 0
    work: int = 30


@dataclass(frozen=True)
class DeploymentSettings:
    """All settings of a deployment."""

    stage: str = "dev"
    termination_protection: bool = False
    accept_llama2_eula: bool = False
    llama_size: str = _DEFAULTS["llamaSize"]
    llama_dialect: str = _DEFAULTS["llamaDialect"]
    llama_grammar: bool = _DEFAULTS["llamaGrammar"]
    bedrock_judge: BedrockModel | None = None
    existing_endpoints: EndpointNames | None = None
    blip2_dialect: str = _DEFAULTS["blip2Dialect"]
    blip2_weights: str = BLIP2_WEIGHTS["hub_id"]
    blip2_revision: str = BLIP2_WEIGHTS["revision"]
    hub_token_secret_arn: str | None = None
    blip2_weights_prefix: S3Prefix | None = None
    weights_key_arn: str | None = None
    model_input_size: int = _DEFAULTS["modelInputSize"]
    model_concurrency: int = _DEFAULTS["modelConcurrency"]
    blip2_instances: Instances = field(default_factory=Instances)
    llama_instances: Instances = field(default_factory=Instances)
    scale_to_zero: bool = False
    workflow_type: str = "STANDARD"
    intake: IntakeSettings = field(default_factory=IntakeSettings)
    inventory: S3Prefix | None = None
    hold_until_cleared: bool = False
    retention: Retention = field(default_factory=Retention)
    complaints: str = "accepted"
    policy_approval: bool = False
    notify_safe: bool = False
    ops_email: str | None = None
    console: bool = False
    console_web_acl_arn: str | None = None

    @property
    def protected(self) -> bool:
        """True if data is retained when the stack is deleted."""
        return self.stage == "prod"

    @classmethod
    def from_context(cls, lookup: Callable[[str], Any], names: Iterable[str] = ()) -> "DeploymentSettings":
        """Read the settings; `lookup` returns a context value by its name, or None if it isn't set.

        `names` are all names in the context: one that is close to a setting's name is a fault.
        Raises InvalidSettings with all faults at once.
        """
        context = _Context(lookup)
        settings = cls(
            stage=context.choice("stage", STAGES, default="dev"),
            termination_protection=context.flag("terminationProtection"),
            accept_llama2_eula=context.flag("acceptLlama2Eula"),
            llama_size=context.choice("llamaSize", LLAMA_SIZES, default=cls.llama_size),
            llama_dialect=context.choice("llamaDialect", LLAMA_DIALECTS, default=cls.llama_dialect),
            llama_grammar=context.flag("llamaGrammar"),
            bedrock_judge=_bedrock_judge(context),
            existing_endpoints=_endpoints(context),
            blip2_dialect=context.choice("blip2Dialect", BLIP2_DIALECTS, default=cls.blip2_dialect),
            blip2_weights=context.text(
                "blip2Weights", _HUB_ID, "a Hugging Face model id such as owner/model", default=cls.blip2_weights
            ),
            blip2_revision=context.text(
                "blip2Revision",
                _COMMIT,
                "the full commit hash of the weights, 40 lower-case hex digits",
                default=cls.blip2_revision,
            ),
            hub_token_secret_arn=_hub_token_secret(context),
            blip2_weights_prefix=_weights_prefix(context),
            weights_key_arn=_key_arn(context, "weightsKeyArn", of="blip2WeightsPrefix"),
            model_input_size=context.integer("modelInputSize", low=32, high=1024, default=cls.model_input_size),
            model_concurrency=context.integer("modelConcurrency", low=0, high=1000, default=cls.model_concurrency),
            blip2_instances=_instances(context, "blip2"),
            llama_instances=_instances(context, "llama"),
            scale_to_zero=context.flag("scaleToZero"),
            workflow_type=context.choice("workflowType", WORKFLOW_TYPES, default="STANDARD"),
            intake=_intake(context),
            inventory=_inventory(context),
            hold_until_cleared=context.flag("holdUntilCleared"),
            retention=_retention(context),
            complaints=context.choice("complaints", COMPLAINTS, default="accepted"),
            policy_approval=context.flag("policyApproval"),
            notify_safe=context.flag("notifySafe"),
            ops_email=context.text("opsEmail", _EMAIL, "an e-mail address") or None,
            console=context.flag("console"),
            console_web_acl_arn=_web_acl(context),
        )
        _check_weights(settings, context)
        _check_dialects(settings, context)
        _check_judge(settings, context)
        _check_bucket(settings, context)
        _check_complaints(settings, context)
        _check_scaling(settings, context)
        context.check_names(names)
        if context.faults:
            raise InvalidSettings(context.faults)
        return settings


class _Context:
    """Reader of context values that collects faults; an invalid value is read as its default."""

    def __init__(self, lookup: Callable[[str], Any]) -> None:
        self._context = lookup
        self._known: dict[str, str] = {}  # by their names in lower case
        self.faults: list[str] = []

    def get(self, name: str) -> Any:
        self._known[name.lower()] = name
        return self._context(name)

    def check_names(self, names: Iterable[str]) -> None:
        """Report names that are close to a setting's; other names may be context of the CDK."""
        for name in names:
            meant = get_close_matches(name.lower(), self._known, n=1, cutoff=0.85)
            if meant and name not in self._known.values():
                self.faults.append(f"{name} isn't a setting: did you mean {self._known[meant[0]]}?")

    def has(self, name: str) -> bool:
        return self.get(name) is not None

    def choice(self, name: str, options: tuple[str, ...], default: str) -> str:
        value = self.get(name)
        if value is None:
            return default
        if value in options:
            return str(value)
        self.faults.append(f"{name} is {value!r}: choose one of {', '.join(options)}.")
        return default

    def flag(self, name: str) -> bool:
        value = self.get(name)
        if value is None:
            return False
        if str(value).lower() in ("true", "false"):
            return str(value).lower() == "true"
        self.faults.append(f"{name} is {value!r}: use true or false.")
        return False

    def integer(self, name: str, low: int, high: int, default: int) -> int:
        value = self.get(name)
        if value is None:
            return default
        if re.fullmatch(r"[0-9]{1,9}", str(value)) and low <= int(value) <= high:
            return int(value)
        self.faults.append(f"{name} is {value!r}: use a whole number from {low} to {high}.")
        return default

    def text(self, name: str, pattern: re.Pattern[str], expected: str, default: str = "") -> str:
        value = self.get(name)
        if value is None:
            return default
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        self.faults.append(f"{name} is {value!r}: use {expected}.")
        return default


def _endpoints(context: _Context) -> EndpointNames | None:
    expected = "the name of a SageMaker endpoint (letters, digits and hyphens, at most 63)"
    blip2 = context.text("blip2Endpoint", _ENDPOINT_NAME, expected)
    if context.has("judge"):
        return EndpointNames(blip2) if blip2 else None
    llama = context.text("llamaEndpoint", _ENDPOINT_NAME, expected)
    for given, missing in (("blip2Endpoint", "llamaEndpoint"), ("llamaEndpoint", "blip2Endpoint")):
        if context.has(given) and not context.has(missing):
            context.faults.append(f"{given} is set but {missing} is not: name both existing endpoints, or neither.")
    return EndpointNames(blip2, llama) if blip2 and llama else None


def _bedrock_judge(context: _Context) -> BedrockModel | None:
    """Read `bedrock:` and the id or ARN of a foundation model or inference profile; an ARN is read as the id in it."""
    expected = "bedrock: and the id or ARN of a foundation model or of AWS's own inference profile"
    match = _BEDROCK.fullmatch(context.text("judge", _BEDROCK, expected))
    if not match:
        return None
    geography = match["geography"]
    if geography and geography not in GEOGRAPHIES:
        context.faults.append(
            f"judge is an inference profile for {geography!r}, whose regions aren't known: use a foundation model, or "
            f"a profile for one of {', '.join(GEOGRAPHIES)}."
        )
    return BedrockModel(match["id"], geography)


def _hub_token_secret(context: _Context) -> str | None:
    """Read the secret's ARN. A value that isn't one is never repeated in the message: it may be the token."""
    value = context.get("hubTokenSecretArn")
    if value is None or _SECRET_ARN.fullmatch(str(value)):
        return None if value is None else str(value)
    context.faults.append(
        "hubTokenSecretArn isn't the complete ARN of a secret, including the six characters at its end: use that ARN, "
        "and never the token itself."
    )
    return None


def _weights_prefix(context: _Context) -> S3Prefix | None:
    uri = context.text("blip2WeightsPrefix", _S3_PREFIX, "an S3 prefix such as s3://bucket/blip2/")
    if uri and context.has("blip2Weights"):
        context.faults.append(
            "blip2Weights and blip2WeightsPrefix are both set: choose one, weights from the hub or from S3."
        )
    match = _S3_PREFIX.fullmatch(uri)
    return S3Prefix(match[1], match[2] + "/") if match else None


def _inventory(context: _Context) -> S3Prefix | None:
    match = _S3_PREFIX.fullmatch(
        context.text("inventoryPrefix", _S3_PREFIX, "an S3 prefix such as s3://bucket/photos/")
    )
    return S3Prefix(match[1], match[2] + "/") if match else None


def _web_acl(context: _Context) -> str | None:
    if context.has("consoleWebAclArn") and not context.flag("console"):
        context.faults.append("consoleWebAclArn is set without console=true, which it protects: set both, or neither.")
    expected = "the ARN of a web ACL of the scope CLOUDFRONT, which lies in us-east-1"
    return context.text("consoleWebAclArn", _WEB_ACL_ARN, expected) or None


def _instances(context: _Context, model: str) -> Instances:
    minimum = context.integer(f"{model}MinInstances", low=1, high=100, default=Instances.minimum)
    maximum = context.integer(f"{model}MaxInstances", low=1, high=100, default=max(minimum, Instances.maximum))
    if minimum > maximum:
        context.faults.append(f"{model}MinInstances is {minimum} and {model}MaxInstances is {maximum}: swap them.")
    return Instances(minimum, maximum)


def _intake(context: _Context) -> IntakeSettings:
    name = context.text("intakeBucketName", _BUCKET_NAME, "the name of an existing bucket")
    if context.has("intakeBucketName") and not context.flag("intakeBucketVersioned"):
        context.faults.append(
            "intakeBucketVersioned must be true with intakeBucketName: a verdict belongs to one version of an "
            "object, so the bucket must be versioned. Enable versioning, then set it to true."
        )
    if context.has("intakeBucketVersioned") and not context.has("intakeBucketName"):
        context.faults.append("intakeBucketVersioned is set without intakeBucketName: set both, or neither.")
    prefix = context.text("intakePrefix", _KEY_PREFIX, "a key prefix without *, ? or ${ that doesn't begin with /")
    return IntakeSettings(
        bucket_name=name or None, prefix=prefix, key_arn=_key_arn(context, "intakeKeyArn", of="intakeBucketName")
    )


def _key_arn(context: _Context, name: str, of: str) -> str | None:
    """Read the key of the bucket that the setting `of` names. IAM grants keys, not their aliases."""
    if context.has(name) and not context.has(of):
        context.faults.append(f"{name} is set without {of}, the bucket it belongs to: set both, or neither.")
    return context.text(name, _KEY_ARN, "the ARN of a KMS key (not of an alias)") or None


def _retention(context: _Context) -> Retention:
    return Retention(
        records=context.integer("recordRetentionDays", low=0, high=3650, default=0),
        images=context.integer("imageRetentionDays", low=0, high=3650, default=0),
        work=context.integer("workRetentionDays", low=1, high=3650, default=30),
    )


def _check_bucket(settings: DeploymentSettings, context: _Context) -> None:
    """Reject settings that would need the policy or lifecycle of a bucket that the stack doesn't own."""
    cleared = context.flag("intakeBucketCleared")
    if not context.has("intakeBucketName"):
        return
    if settings.hold_until_cleared and not cleared:
        context.faults.append(
            "holdUntilCleared locks every object version of the existing bucket that has no verdict yet. Run "
            "`moderate backfill start`. Once `moderate backfill check` finds none, set intakeBucketCleared=true and "
            "add the statement in docs/security.md to the bucket's policy, which the stack doesn't own."
        )
    if settings.retention.images:
        context.faults.append(
            "imageRetentionDays can't be set with intakeBucketName, because the stack doesn't own that bucket's "
            "lifecycle. Leave it out and set a lifecycle rule on the bucket."
        )


def _check_complaints(settings: DeploymentSettings, context: _Context) -> None:
    """Reject a retention that ends before complaints about a decision do."""
    kept = {"recordRetentionDays": settings.retention.records}
    if not context.has("intakeBucketName"):
        kept["imageRetentionDays"] = settings.retention.images
    if settings.complaints == "accepted":
        context.faults.extend(
            f"{name} is {days}, but complaints about a decision are possible for six months: use {COMPLAINT_DAYS} or "
            "more, or 0, or set complaints=elsewhere if your service keeps what it needs for them, or accepts none."
            for name, days in kept.items()
            if 0 < days < COMPLAINT_DAYS
        )


def _check_weights(settings: DeploymentSettings, context: _Context) -> None:
    """Require a pinned commit for other hub weights, and reject hub settings where the hub isn't used."""
    hub = ("blip2Revision", "hubTokenSecretArn")
    if context.has("blip2Endpoint") or context.has("llamaEndpoint"):
        unused = "is set, but existing endpoints have their own weights: leave it out, or name no existing endpoints."
        weights = ("llamaSize", "blip2Weights", *hub, "blip2WeightsPrefix", "weightsKeyArn")
        context.faults.extend(f"{name} {unused}" for name in weights if context.has(name))
    elif context.has("blip2WeightsPrefix"):
        elsewhere = "is for weights from the hub, but blip2WeightsPrefix loads them from S3: leave out one of the two."
        context.faults.extend(f"{name} {elsewhere}" for name in hub if context.has(name))
    elif settings.blip2_weights != BLIP2_WEIGHTS["hub_id"] and not context.has("blip2Revision"):
        context.faults.append(
            f"blip2Revision must be set with blip2Weights {settings.blip2_weights}, because its owner can change the "
            "files at any time: use a commit from its page on the hub, 40 hex digits."
        )


def _check_dialects(settings: DeploymentSettings, context: _Context) -> None:
    ours = not (context.has("blip2Endpoint") or context.has("llamaEndpoint"))
    spoken = (
        ("blip2Dialect", settings.blip2_dialect, DeploymentSettings.blip2_dialect),
        ("llamaDialect", settings.llama_dialect, DeploymentSettings.llama_dialect),
    )
    for name, chosen, served in spoken[:1] if settings.bedrock_judge else spoken:
        if ours and chosen != served:
            context.faults.append(
                f"{name} is {chosen!r}, but the endpoint in ModerationModels uses {served!r}: "
                f"leave {name} out, or name existing endpoints."
            )
    if settings.llama_grammar and settings.llama_dialect == "dialog":
        context.faults.append("llamaGrammar needs llamaDialect tgi or openai: dialog endpoints don't support grammars.")


def _check_judge(settings: DeploymentSettings, context: _Context) -> None:
    """Reject settings of a Llama endpoint where there is none."""
    if settings.bedrock_judge is None:
        return
    of_llama = ("llamaEndpoint", "llamaDialect", "llamaGrammar", "llamaSize", "llamaMinInstances", "llamaMaxInstances")
    context.faults.extend(
        f"{name} is set, but the judge is on Bedrock: leave out {name} or judge."
        for name in of_llama
        if context.has(name)
    )


def _check_scaling(settings: DeploymentSettings, context: _Context) -> None:
    if context.has("blip2Endpoint") or context.has("llamaEndpoint"):
        sizes = (f"{model}{bound}Instances" for model in ("blip2", "llama") for bound in ("Min", "Max"))
        asked = [name for name in sizes if context.has(name)] + ["scaleToZero"] * settings.scale_to_zero
        context.faults.extend(
            f"{name} is set, but only the endpoints in ModerationModels are scaled: leave {name} out, or name no "
            "existing endpoints."
            for name in asked
        )
        return
    if settings.scale_to_zero and settings.workflow_type == "EXPRESS":
        context.faults.append(
            "workflowType EXPRESS stops an execution after five minutes, and an endpoint at scaleToZero takes longer "
            "to start: leave out one of the two."
        )
    for model, instances in (("blip2", settings.blip2_instances), ("llama", settings.llama_instances)):
        if settings.scale_to_zero and context.has(f"{model}MinInstances"):
            context.faults.append(
                f"{model}MinInstances keeps instances that scaleToZero would release: leave out one of the two."
            )
        needed = instances.maximum * REQUESTS_PER_INSTANCE
        if context.has(f"{model}MaxInstances") and 0 < settings.model_concurrency < needed:
            context.faults.append(
                f"{model}MaxInstances is {instances.maximum}, which is only reached at {needed} concurrent requests, "
                f"but modelConcurrency allows {settings.model_concurrency}: set modelConcurrency to {needed} or "
                "more, or to 0 for no limit."
            )
