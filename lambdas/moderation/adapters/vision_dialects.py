"""The dialects of vision endpoints: `blip2Dialect` in the settings, `BLIP2_DIALECT` in the functions' environment."""

from collections.abc import Callable, Mapping

from moderation.adapters.openai_vision import OpenAiVision
from moderation.adapters.sagemaker_blip2 import SampleBlip2, ScoredBlip2
from moderation.adapters.sagemaker_endpoint import SageMakerEndpoint
from moderation.ports import VisionModel

SPEAKERS: Mapping[str, Callable[[SageMakerEndpoint], VisionModel]] = {
    "scored": ScoredBlip2,
    "sample": SampleBlip2,
    "openai": OpenAiVision,
}
