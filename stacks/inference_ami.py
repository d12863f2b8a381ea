"""Inference AMI of an endpoint's instances; its NVIDIA driver must support the container's CUDA version.

By default SageMaker uses driver 470 for `ml.g5` (CUDA 11.4: "GPU drivers" in its developer guide), and an endpoint with
an incompatible driver stays in Creating without a log (aws/deep-learning-containers, pull request 6187). AWS tests its
containers with these pairs: `test/test_utils/constants.py` there, and `test/whisperx` for CUDA 12.8. The drivers are
listed under `ProductionVariant` in SageMaker's API reference.
"""

import re

_OF_CUDA = {
    "12": "al2-ami-sagemaker-inference-gpu-3-1",  # driver 550, CUDA 12.4: newer 12.x by minor-version compatibility
    "13": "al2023-ami-sagemaker-inference-gpu-4-1",  # driver 580, CUDA 13.0
}
_CUDA = re.compile(r"-cu(1[0-9])[0-9]\b")


def inference_ami(tag: str) -> str:
    """Return the AMI for a container image, by the CUDA version in its tag. Raises ValueError if no pair is known."""
    cuda = _CUDA.search(tag)
    if cuda is None or cuda[1] not in _OF_CUDA:
        raise ValueError(f"No inference AMI is known for the container image {tag}.")
    return _OF_CUDA[cuda[1]]
