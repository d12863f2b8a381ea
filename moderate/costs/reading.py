"""Seconds of the reader by size of picture, and what an image takes less under a pack that reads nothing."""

from collections.abc import Mapping

MEMORY_MB = 1792  # as deployed: one processor
# docs/reading.md: measured seconds of processor time, by (width, height).
PLAIN_SECONDS = 0.26  # a photograph of 512 x 512 pixels without text: the mean of 21
LETTERED_SECONDS: Mapping[tuple[int, int], float] = {  # with twelve lines of text
    (512, 512): 1.03,
    (1024, 1024): 0.94,
    (2000, 1500): 2.57,
    (4000, 3000): 9.37,
}
# … and of decoding the upload for it, a JPEG of that size.
DECODING_SECONDS: Mapping[tuple[int, int], float] = {
    (512, 512): 0.01,
    (1024, 1024): 0.03,
    (2000, 1500): 0.06,
    (4000, 3000): 0.29,
}
# Of an image that is read: the state and its function; the text; the manifest, the upload, and the text again.
TRANSITIONS, INVOCATIONS, S3_WRITES, S3_READS = 1, 1, 1, 3
CALLS = 3  # of these requests those that the reader itself waits for


def plain_seconds() -> float:
    """Return seconds for a photograph of 512 x 512 pixels without text."""
    return round(PLAIN_SECONDS + DECODING_SECONDS[512, 512], 2)


def lettered_seconds(size: tuple[int, int]) -> float:
    """Return seconds for a photograph of a size with twelve lines of text."""
    return round(LETTERED_SECONDS[size] + DECODING_SECONDS[size], 2)
