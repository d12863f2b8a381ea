"""Tag an object version as its record says."""

from moderation.domain.image_ref import ImageRef
from moderation.errors import StoreUnavailable
from moderation.ports import ImageStore, VerdictStore

_ATTEMPTS = 10  # each further one needs another decision in between


def tag_image(images: ImageStore, verdicts: VerdictStore, image: ImageRef, verdict: str) -> str:
    """Tag with the verdict, then with the record's as long as it is another one; returns what `ImageStore.tag` returns.

    Of two writers at the same time, the one that tags last reads the record afterwards. Raises StoreUnavailable, also
    where the record keeps changing, and Misconfigured.
    """
    for _ in range(_ATTEMPTS):
        tagging = images.tag(image, verdict)
        record = verdicts.get(image)
        if record is None or record.verdict in (None, verdict):
            return tagging
        verdict = str(record.verdict)
    raise StoreUnavailable("The record kept changing while its object was tagged.")
