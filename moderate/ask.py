"""`moderate ask`: captions and answers of the vision model about any picture."""

from pathlib import Path
from typing import Annotated

import typer

from moderate.deployment import DEFAULT_STACK, StackOption, find
from moderate.output import JsonOption, cell, print_json, probability, progress, results, table
from moderate.reader import find_reader, text_table
from moderation.domain.reading.text import reading_to_json
from moderation.ports import VisionReply
from moderation.usecases.ask import READ, ask, read_text

EXAMPLES = """Examples:

moderate ask photo.jpg

moderate ask photo.jpg "is there a dog in this photo?" "what is the weather like?"

moderate ask photo.jpg "why?" --context "Question: what is the man doing? Answer: he is running."

moderate ask sign.png --read
"""


def ask_about(
    image: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An image file.")],
    questions: Annotated[
        list[str] | None,
        typer.Argument(metavar="[QUESTIONS]", help="Questions; without any, the model describes the picture."),
    ] = None,
    context: Annotated[
        str, typer.Option(help='Earlier rounds ("Question: … Answer: …"), prepended to each question.')
    ] = "",
    read: Annotated[
        bool, typer.Option("--read", help="Read the text in the picture, and ask the model for it.")
    ] = False,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Ask the vision model about a picture.

    The picture is prepared as for moderation, with the same limits, and isn't stored.
    """
    asked = [*(questions or []), *([READ] if read else [])]
    deployment, reader = find(stack), find_reader() if read else None
    with progress() as bar:
        bar.add_task("Asking the model", total=None)
        size = int(deployment.output("ModelInputSize"))
        reply = ask(deployment.vision, image.read_bytes(), asked, size, context)
        text, unread = read_text(reader, image.read_bytes(), size) if reader else (None, ())
    if as_json:
        print_json(
            {
                "model": reply.model,
                "caption": reply.caption,
                "answers": [
                    {"question": question, "answer": answer.text, "p_yes": answer.p_yes}
                    for question, answer in zip(asked, reply.answers, strict=True)
                ],
                **({"text": reading_to_json(text), "unread": list(unread)} if text else {}),
            }
        )
    else:
        _show(asked, reply)
        if text:
            results.print(text_table(text))
        for sentence in unread:
            results.print(cell(sentence))


def _show(asked: list[str], reply: VisionReply) -> None:
    if reply.caption is not None:
        results.print(cell(reply.caption))
        return
    rows = table(("question", "answer", "P(yes)"), numbers=("P(yes)",))
    for question, answer in zip(asked, reply.answers, strict=True):
        rows.add_row(cell(question), cell(answer.text), probability(answer.p_yes))
    results.print(rows)
