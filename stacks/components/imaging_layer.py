"""Lambda layer with Pillow, pi-heif and PyYAML, which the managed Powertools layer doesn't hold."""

import shutil
import zipfile
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.wheels import LAYER_SOURCE, locked_wheels


@jsii.implements(ILocalBundling)
class UnpackedWheels:
    """Local bundling that unpacks the downloaded wheels, without Docker or network access."""

    def try_bundle(self, output_dir: str, *, image: DockerImage, **_options: Any) -> bool:
        """Write the layer's content, with its notices, to `output_dir`. Raises MissingWheels."""
        for wheel in locked_wheels():
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(Path(output_dir) / "python")
        shutil.copy(LAYER_SOURCE / "THIRD-PARTY.md", output_dir)
        return True


class ImagingLayer(lambda_.LayerVersion):
    """Pillow, pi-heif and PyYAML for Python 3.14 on arm64, as locked in `lambdas/layers/imaging/requirements.txt`."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        code = lambda_.Code.from_asset(
            str(LAYER_SOURCE),
            # The lock file pins the content by hash, so the source hash identifies the content.
            asset_hash_type=AssetHashType.SOURCE,
            bundling=BundlingOptions(
                image=DockerImage.from_registry("unused"),  # required, and never pulled
                local=UnpackedWheels(),
            ),
        )
        super().__init__(
            scope,
            construct_id,
            code=code,
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_14],
            compatible_architectures=[lambda_.Architecture.ARM_64],
        )
