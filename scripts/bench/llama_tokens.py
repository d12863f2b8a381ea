"""Number of Llama 2's tokens, counted by its own vocabulary in the npm package `llama-tokenizer-js`."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).parents[2]
# Without the begin-of-text token; the space before the first word counts, as in Llama's own tokenizer.
_SCRIPT = """
import { readFileSync } from "node:fs";
import llama from "llama-tokenizer-js";
const texts = JSON.parse(readFileSync(0, "utf-8"));
console.log(JSON.stringify(texts.map((text) => llama.encode(text, false, true).length)));
"""


def llama_tokens(texts: Sequence[str]) -> list[int]:
    """Return the number of tokens of each text. Raises CalledProcessError if the package isn't installed."""
    command = ["node", "--input-type=module", "--eval", _SCRIPT]
    run = subprocess.run(
        command, cwd=PROJECT, input=json.dumps(list(texts)), capture_output=True, text=True, check=True
    )
    counts: list[int] = json.loads(run.stdout)
    return counts
