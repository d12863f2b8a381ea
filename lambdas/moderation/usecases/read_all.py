"""Read the whole records of many images."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from moderation.domain.image_ref import ImageRef
from moderation.domain.record import Record
from moderation.ports import VerdictStore

_AT_ONCE = 10  # as many as botocore keeps connections
_AHEAD = 500


def read_all(verdicts: VerdictStore, bucket: str, images: Iterable[ImageRef]) -> Iterator[Record]:
    """Yield the records of a bucket's images, without those that are gone. Raises the errors of the port."""
    own = [image for image in images if image.bucket == bucket]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for start in range(0, len(own), _AHEAD):
            yield from filter(None, pool.map(verdicts.get, own[start : start + _AHEAD]))
