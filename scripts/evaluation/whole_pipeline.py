"""The use cases of one image's workflow in this process, on S3 in memory: everything but Step Functions and records."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws

from moderation.adapters.dynamodb_decisions import DynamoDecisionStore
from moderation.adapters.dynamodb_verdicts import DynamoVerdictStore
from moderation.adapters.reader.ocr import OcrReader
from moderation.adapters.s3_images import S3ImageStore
from moderation.adapters.s3_work import S3WorkStore
from moderation.domain.image_ref import ImageRef
from moderation.domain.policy import Pack
from moderation.domain.work_files import Workspace
from moderation.errors import PermanentError
from moderation.ports import JudgeModel, Policies, ScoredText, Turn, VisionModel, VisionReply
from moderation.usecases.judge_image import judge_image
from moderation.usecases.prepare_image import PreparePorts, prepare_image
from moderation.usecases.query_image import query_image
from moderation.usecases.read_image import read_image
from scripts.evaluation.ordinary.upload import Upload
from stacks.wheels import READER_MODELS

INTAKE, WORK = "intake", "work"
_S3_DEFAULT = "binary/octet-stream"  # of an object that was put without a Content-Type
_CLEAR_NO = 0.02
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "in-memory",
    "AWS_SECRET_ACCESS_KEY": "in-memory",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@dataclass(frozen=True)
class Outcome:
    """Verdict, and the row of the decision table or the error's name that led to it, with its sentence."""

    verdict: str
    cause: str
    reason: str


@dataclass(frozen=True)
class NothingSeen:
    """Implements `ports.VisionModel`: a clear no to every question, and the same caption each time."""

    caption: str

    def ask(self, png: bytes, prompts: Sequence[str], caption: bool, within_s: float | None = None) -> VisionReply:
        """Return the same answer to each prompt."""
        return VisionReply(
            "nothing-seen", (ScoredText("no", _CLEAR_NO, _CLEAR_NO),) * len(prompts), self.caption if caption else None
        )


class AllSafe:
    """Implements `ports.JudgeModel`: calls everything safe."""

    name = "all-safe"

    def complete(self, turns: Sequence[Turn], schema: Mapping[str, Any], within_s: float | None = None) -> str:
        """Return the same judgement each time."""
        return '{"flag": "safe", "category": "none", "reason": "Nothing in it is against the policy."}'


@dataclass(frozen=True)
class _OnePack:
    """Implements `ports.PolicyStore` with one pack for every key, never reused: equal bytes are judged again."""

    pack: Pack

    def for_key(self, key: str) -> Policies:
        return Policies(dataclasses.replace(self.pack, reuse=False, sticky_decisions=False), ())


class Pipeline:
    """The workflow of uploads under one pack, with given models."""

    def __init__(self, pack: Pack, vision: VisionModel, judge: JudgeModel, input_size: int) -> None:
        self._s3 = boto3.client("s3")
        self._vision, self._judge, self._work = vision, judge, S3WorkStore(self._s3, WORK)
        self._reader = OcrReader(READER_MODELS)
        self._ports = PreparePorts(
            images=S3ImageStore(self._s3),
            work=self._work,
            policies=_OnePack(pack),
            verdicts=DynamoVerdictStore(boto3.client("dynamodb"), "verdicts"),
            decisions=DynamoDecisionStore(boto3.client("dynamodb"), "verdicts"),
            model_input_size=input_size,
            models="in-process",
        )

    def moderate(self, upload: Upload) -> Outcome:
        """Return the outcome for an upload, and delete its files."""
        declared = upload.content_type or _S3_DEFAULT
        version = self._s3.put_object(Bucket=INTAKE, Key="upload", Body=upload.data, ContentType=declared)["VersionId"]
        image = ImageRef(INTAKE, "upload", version)
        try:
            return self._outcome(image)
        finally:
            self._s3.delete_object(Bucket=INTAKE, Key="upload", VersionId=version)
            self._work.delete_under("work/")

    def _outcome(self, image: ImageRef) -> Outcome:
        workspace = Workspace.of(image, "execution")
        try:
            manifest = prepare_image(self._ports, image, workspace)
        except PermanentError as error:
            return Outcome("review", type(error).__name__, str(error))
        for number in range(len(manifest.queries)):
            query_image(self._work, self._vision, workspace, number)
        if manifest.pages is not None:
            read_image(self._ports.images, self._work, self._reader, workspace)
        judged = judge_image(self._work, self._judge, workspace).enforced
        if judged is None:
            raise ValueError("A judgement was reused, though the pack forbids it.")
        return Outcome(judged.decision.verdict, judged.decision.row, judged.decision.reason)


@contextmanager
def in_memory_cloud() -> Iterator[None]:
    """Serve S3 in memory with the two buckets that the workflow needs."""
    with patch.dict("os.environ", _ENVIRONMENT), mock_aws():
        s3 = boto3.client("s3")
        for bucket in (INTAKE, WORK):
            s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=INTAKE, VersioningConfiguration={"Status": "Enabled"})
        yield
