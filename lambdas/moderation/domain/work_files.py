"""Keys of the files in the work bucket: an execution's files, evidence that outlives it, permanent provenance."""

from dataclasses import dataclass

from moderation.domain.image_ref import ImageRef


def pack_file(digest: str) -> str:
    """Key of a policy pack that a verdict was based on, by its digest."""
    return f"provenance/packs/{digest}.json"


def prompt_file(version: str) -> str:
    """Key of the prompt templates of a version."""
    return f"provenance/prompts/{version}.json"


# Secret that keys the hashes of sticky decisions.
DECISION_KEYS = "provenance/keys/decisions.json"
APPROVALS = "provenance/approvals/"


def approval_file(digest: str, user_id: str) -> str:
    """Key of a reviewer's signature of a change to many records, by its digest."""
    return f"{APPROVALS}{digest}/{user_id}.json"


def erasure_files(day: str, name: str) -> str:
    """Prefix of the notes of one erasure; `day` is YYYY-MM-DD."""
    return f"provenance/erasures/{day}/{name}/"


def image_files(image: ImageRef) -> tuple[str, str]:
    """Prefixes of all work and of all evidence of an image, over all its executions."""
    return f"work/{image.id}/", f"evidence/{image.id}/"


@dataclass(frozen=True)
class Workspace:
    """Keys of one execution's files in the work bucket; executions never share files."""

    prefix: str

    @classmethod
    def of(cls, image: ImageRef, execution: str) -> "Workspace":
        return cls(f"work/{image.id}/{execution.rsplit(':', 1)[-1]}")

    @property
    def image_id(self) -> str:
        """Id of the image, as in `ImageRef.id`."""
        return self.prefix.split("/")[1]

    @property
    def execution(self) -> str:
        """The execution's name."""
        return self.prefix.rsplit("/", 1)[-1]

    @property
    def manifest(self) -> str:
        return f"{self.prefix}/manifest.json"

    @property
    def upload(self) -> str:
        """Key of what is known of an upload that couldn't be prepared."""
        return f"{self.prefix}/upload.json"

    @property
    def judgement(self) -> str:
        return f"{self.prefix}/judgement.json"

    @property
    def evidence(self) -> str:
        """Key of the evidence, outside `work/`, which expires: evidence is kept as long as its record."""
        return f"evidence/{self.prefix.removeprefix('work/')}.json"

    def view(self, name: str) -> str:
        return f"{self.prefix}/views/{name}.png"

    @property
    def reading(self) -> str:
        """Key of the text that was read, or of why it wasn't."""
        return f"{self.prefix}/reading.json"

    def answers(self, query: int) -> str:
        return f"{self.prefix}/answers/{query}.json"
