"""Limits shared by several layers."""

MAX_BYTES = 20_000_000  # of an uploaded object
MAX_ITEM_BYTES = 350_000  # of a record: DynamoDB allows 400 KB an item
MAX_REPORTED_BYTES = 370_000  # of one with its reports and the replies to them: a decision needs room, too
CONTEXT_TOKENS = 4096  # Llama 2's, prompt and answer together
ANSWER_TOKENS = 256  # of the judge: a JSON object and a sentence or two
MAX_LANES = 60  # of the review queue: what comes after the last one is in a wide lane, whatever its folder
MAX_WIDE_LANES = 30  # what comes after the last one stays unsorted
