"""Facts shared by functions, command and stacks: `contract.json`, which `stacks` reads by its path."""

import json
from pathlib import Path
from typing import Any

_CONTRACT: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text())

STACKS: dict[str, str] = _CONTRACT["stacks"]

# Defaults of a deployment, by the names of `cdk deploy -c`.
DEFAULTS: dict[str, str | int] = _CONTRACT["defaults"]
INSTANCES: dict[str, int] = _CONTRACT["instances"]  # `least` and `most` of each endpoint
DIALECTS: dict[str, list[str]] = _CONTRACT["dialects"]

# Regions that an inference profile of each geography may send a request to, over all models: "Supported Regions and
# models for inference profiles". A `global` one may use any, and has a model's ARN without a region.
BEDROCK_REGIONS: dict[str, list[str]] = _CONTRACT["bedrock_regions"]

# Endpoints that the project makes: hosting their model, or a component where they scale to zero.
ENDPOINTS: dict[str, str] = _CONTRACT["endpoints"]
COMPONENT_ENDPOINTS: dict[str, str] = _CONTRACT["component_endpoints"]
BLIP2_INSTANCE_TYPE: str = _CONTRACT["instance_types"]["blip2"]
# By size: AWS's announcement of Llama 2 in SageMaker JumpStart (July 2023) names these as its defaults.
LLAMA_INSTANCE_TYPES: dict[str, str] = _CONTRACT["instance_types"]["llama"]
GPUS: dict[str, int] = _CONTRACT["gpus"]  # by instance type: "Amazon EC2 G5 Instances"

METRIC_NAMESPACE: str = _CONTRACT["metrics"]["namespace"]
METRIC_SERVICE: str = _CONTRACT["metrics"]["service"]
TOPIC_OUTPUTS: dict[str, str] = _CONTRACT["topic_outputs"]  # the stack's output that names each topic
VERDICT_TAG: str = _CONTRACT["verdict_tag"]  # of an object: it carries the verdict
NULL_VERSION: str = _CONTRACT["null_version"]  # of an object that a bucket without versioning may replace
# Six months at most, for which complaints about a decision are possible (Article 20 of the Digital Services Act).
COMPLAINT_DAYS: int = _CONTRACT["complaint_days"]
SHARDS: int = _CONTRACT["shards"]  # of each day in the index by verdict, so that no partition takes all writes

INDEXES: dict[str, dict[str, Any]] = _CONTRACT["indexes"]
BY_VERDICT: str = INDEXES["by_verdict"]["name"]
BY_SHA256: str = INDEXES["by_sha256"]["name"]
BY_REFERENCE: str = INDEXES["by_reference"]["name"]
BY_UPLOADER: str = INDEXES["by_uploader"]["name"]
BY_QUEUE: str = INDEXES["by_queue"]["name"]
