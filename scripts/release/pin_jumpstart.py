"""Write the Llama 2 chat pins that the models stack deploys: `python -m scripts.release.pin_jumpstart`.

Image and artefacts are a pair. JumpStart's own manifests, which name the pair, are in S3. The values here come from
public code, with a source for each field; None means that no public source was found.
"""

import json
from pathlib import Path
from typing import Any

from sagemaker import image_uris

from moderation.contract import GPUS, LLAMA_INSTANCE_TYPES

PINS = Path(__file__).parents[2] / "model_artifacts/llama2/pins.json"
TGI_VERSION = "2.2.0"
ARTIFACT_VERSION = "v1.1.0"
CONTEXT_TOKENS = 4096  # of Llama 2, all sizes

_QNABOT = "aws-solutions/qnabot-on-aws, template of the SageMaker LLM: with these artefacts since 6.1.0 (August 2024)"
_SAME_TEMPLATE = "the same template of aws-solutions/qnabot-on-aws"
SOURCES: dict[str, dict[str, str | None]] = {
    "7b": {"image": None, "artifact_prefix": None, "environment": None},
    "13b": {
        "image": f"{_QNABOT}; its tag as in SageMaker Python SDK 2, image_uris, huggingface-llm {TGI_VERSION}",
        "artifact_prefix": _SAME_TEMPLATE,
        "environment": _SAME_TEMPLATE,
    },
    "70b": {"image": None, "artifact_prefix": None, "environment": None},
}


def image() -> dict[str, str]:
    """Return repository and tag of the text-generation-inference container, which are the same in every region."""
    uri = image_uris.retrieve(
        "huggingface-llm",
        region="us-east-1",
        version=TGI_VERSION,
        image_scope="inference",
        instance_type=LLAMA_INSTANCE_TYPES["13b"],
    )
    repository, tag = uri.split("/")[1].split(":")
    return {"repository": repository, "tag": tag}


def model(size: str) -> dict[str, Any]:
    """Return the pin of one size: container image, artefacts and environment."""
    name = f"meta-textgeneration-llama-2-{size}-f"
    return {
        "sources": SOURCES[size],
        "image": image(),
        "artifact_prefix": f"meta-textgeneration/{name}/artifacts/inference-prepack/{ARTIFACT_VERSION}/",
        "environment": {
            "ENDPOINT_SERVER_TIMEOUT": "3600",
            "HF_MODEL_ID": "/opt/ml/model",
            "MAX_INPUT_LENGTH": str(CONTEXT_TOKENS - 1),
            "MAX_TOTAL_TOKENS": str(CONTEXT_TOKENS),
            "MODEL_CACHE_ROOT": "/opt/ml/model",
            "SAGEMAKER_ENV": "1",
            "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
            "SAGEMAKER_PROGRAM": "inference.py",
            "SM_NUM_GPUS": str(GPUS[LLAMA_INSTANCE_TYPES[size]]),
        },
    }


def pins() -> dict[str, Any]:
    """Return the content of the file."""
    return {"models": {size: model(size) for size in LLAMA_INSTANCE_TYPES}}


if __name__ == "__main__":
    PINS.write_text(json.dumps(pins(), indent=2) + "\n")
