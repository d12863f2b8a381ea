"""Seconds of the reader by size of picture, and what an image takes less under a pack that reads nothing."""

from collections.abc import Mapping

MEMORY_MB = 1792  # as deployed: one processor
# docs/reading.md: measured seconds of processor time, by (width, height).
PLAIN_SECONDS = 0.29  # a photograph of 512 x 512 pixels without text
LETTERED_SECONDS: Mapping[tuple[int, int], float] = {  # with twelve lines of text
    (512, 512): 0.8,
    (1024, 1024): 0.95,
    (2000, 1500): 2.83,
    (4000, 3000): 8.59,
}
# Of an image that is read: the state and its function; a page and the text; the manifest, the page, and the text again.
TRANSITIONS, INVOCATIONS, S3_WRITES, S3_READS = 1, 1, 2, 3
