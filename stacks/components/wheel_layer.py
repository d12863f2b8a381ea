"""Lambda layer of locked wheels, which the managed Powertools layer doesn't hold."""

import shutil
import zipfile
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.wheels import LAYERS, locked_wheels, unpacked

MODELS = "reader"  # folder of the reading layer's models, beside `python`


@jsii.implements(ILocalBundling)
class UnpackedWheels:
    """Local bundling that unpacks the downloaded wheels, without Docker or network access."""

    def __init__(self, layer: str) -> None:
        self._source = LAYERS / layer

    def try_bundle(self, output_dir: str, *, image: DockerImage, **_options: Any) -> bool:
        """Write the layer's content, with its notices, to `output_dir`. Raises MissingWheels."""
        for wheel in locked_wheels(self._source / "requirements.txt"):
            with zipfile.ZipFile(wheel) as archive:
                for name, place in unpacked(archive.namelist(), MODELS):
                    target = Path(output_dir) / place
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(archive.read(name))
        shutil.copy(self._source / "THIRD-PARTY.md", output_dir)
        return True


class WheelLayer(lambda_.LayerVersion):
    """Wheels for Python 3.14 on arm64, as locked in `lambdas/layers/<layer>/requirements.txt`."""

    def __init__(self, scope: Construct, construct_id: str, layer: str) -> None:
        code = lambda_.Code.from_asset(
            str(LAYERS / layer),
            # The lock file pins the content by hash, so the source hash identifies the content.
            asset_hash_type=AssetHashType.SOURCE,
            bundling=BundlingOptions(
                image=DockerImage.from_registry("unused"),  # required, and never pulled
                local=UnpackedWheels(layer),
            ),
        )
        super().__init__(
            scope,
            construct_id,
            code=code,
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_14],
            compatible_architectures=[lambda_.Architecture.ARM_64],
        )
