"""`make record-renderings`: record what the browser and the second decoders show of the crafted files."""

import sys

from local.harness.crafted import crafted_files
from local.synth import PROJECT
from scripts.rendering import chromium, second_decoders
from scripts.rendering.recording import write_recording
from scripts.rendering.truth import truths

RECORDING = PROJECT / "tests" / "unit" / "rendered"


def main() -> int:
    """Record every crafted file."""
    files = {f"{name}: {file}": data for name, made in crafted_files().items() for file, data in made.items()}
    write_recording(RECORDING, f"{chromium.version()}, {second_decoders.versions()}", files, truths(files))
    print(f"Recorded {len(files)} files in {RECORDING.relative_to(PROJECT)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
