"""Ask the vision model about a picture, independently of moderation."""

from collections.abc import Sequence

from moderation.domain.image import prepare
from moderation.domain.prompt import question_prompt
from moderation.domain.reading.text import Reading
from moderation.ports import Reader, VisionModel, VisionReply
from moderation.usecases.read_image import read_pages

READ = "what words are written in this picture?"


def ask(
    model: VisionModel, picture: bytes, questions: Sequence[str], model_input_size: int, context: str = ""
) -> VisionReply:
    """Return the answers to the questions or, without any, a caption; `context` goes before each question.

    The picture is prepared as for moderation, with the same limits. Raises the errors of the port and of
    `image.prepare`.
    """
    view = prepare(picture, "full", model_input_size).views[0]
    prompts = [f"{context.strip()} {question_prompt(text)}".strip() for text in questions]
    return model.ask(view.png, prompts, caption=not questions)


def read_text(reader: Reader, picture: bytes, model_input_size: int) -> tuple[Reading, tuple[str, ...]]:
    """Return the text in a picture, as moderation reads it, and in sentences what isn't read or is read smaller.

    Raises ReadingFailed and the errors of `image.prepare`.
    """
    prepared = prepare(picture, "full", model_input_size, read=True)
    return read_pages(reader, picture, prepared.pages), (*prepared.unread, *prepared.shrunk)
