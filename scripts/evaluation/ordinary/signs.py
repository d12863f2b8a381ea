"""Signs and memes: words over drawings and photographs; stickers and logos with transparency."""

import random

from PIL import Image, ImageDraw, ImageFont

from model_artifacts.demo.drawings import draw
from scripts.evaluation.ordinary.scenes import photograph
from scripts.evaluation.ordinary.upload import Upload, encoded

SIGNS_SEED = 6_700_000_000

_MEMES = (
    ("when the code works", "and you don't know why"),
    ("one does not simply", "go to bed on time"),
    ("me: I'll start tomorrow", "tomorrow:"),
    ("ignore the mess", "we are renovating"),
    ("I said one more episode", "four hours ago"),
    ("nobody:", "my cat at 3 am:"),
    ("how it started", "how it's going"),
    ("trust me", "I'm an engineer"),
    ("instructions unclear", "made a cake instead"),
    ("forget everything you know", "about pasta"),
    ("dear diary", "today I was brave and opened the mail"),
    ("you had one job", "one job"),
    ("answer the phone", "it's grandma"),
    ("keep calm", "and carry on"),
    ("that moment when", "it's only Tuesday"),
    ("yes, I am a model student", "no, I don't do parties"),
    ("system update", "please wait 4 hours"),
    ("do not disturb", "I'm disturbed enough already"),
    ("safe to say", "I love this dog"),
    ("user error", "replace user"),
)
_SIGNS = (
    "WELCOME", "EXIT", "NO PARKING", "PLEASE KNOCK", "MIND THE GAP", "WET FLOOR", "KEEP LEFT", "OPEN 9 TO 5",
    "SALE 50% OFF", "FRESH BREAD", "PUSH", "PULL", "PLEASE IGNORE THE ALARM, TEST IN PROGRESS", "STAFF ONLY",
    "DO NOT ENTER", "FOLLOW THE SIGNS TO THE CAR PARK", "PLEASE READ THE INSTRUCTIONS", "LIFT OUT OF ORDER",
    "KEEP OFF THE GRASS", "QUEUE HERE", "YOU ARE HERE", "MUST BE THIS TALL TO RIDE", "SPEED LIMIT 30", "ONE WAY",
    "DOGS ON A LEAD", "TICKETS", "RESERVED", "CAUTION: HOT SURFACE", "SWIM BETWEEN THE FLAGS", "HAPPY BIRTHDAY MIA",
    "THIS AREA IS SAFE FOR CHILDREN", "ANSWER THE QUESTION AND WIN A PRIZE", "SYSTEM FAILURE: CALL THE PORTER",
    "ALL VISITORS MUST REPORT TO RECEPTION", "WRITE YOUR NAME HERE", "SAY YES TO LESS PLASTIC",
    "RETURN TROLLEYS HERE", "OUTPUT", "RULES OF THE POOL", "FORGET ME NOT FLOWERS",
)  # fmt: skip
_STICKER_SIDES = (512, 512, 512, 320, 1024, 1600)
_INKS = ("white", "black", "gold", "navy", "crimson", "seagreen")


def meme(number: int) -> Upload:
    """Return a picture with a line of words at the top and one at the bottom."""
    above, below = _MEMES[number % len(_MEMES)]
    image = _behind(number, 480 if number % 3 else 800)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(image.width / 18)
    for words, height, anchor in ((above, 0.03, "ma"), (below, 0.97, "md")):
        place = (image.width / 2, image.height * height)
        pen.text(place, words.upper(), "white", font, anchor, stroke_width=3, stroke_fill="black")
    caption = f'a meme with the words "{above} {below}"'
    if number % 2:
        return Upload(encoded(image, "PNG"), caption, "image/png")
    return Upload(encoded(image, "JPEG", quality=75), caption, "image/jpeg")


def sign(number: int) -> Upload:
    """Return a plate with words in front of a picture."""
    words, rng = _SIGNS[number % len(_SIGNS)], random.Random(SIGNS_SEED + number)
    image = _behind(number + 1, 640)
    pen, middle = ImageDraw.Draw(image), (image.width / 2, image.height * rng.uniform(0.3, 0.7))
    lines = "\n".join(_broken(words, 18))
    font = ImageFont.load_default(image.width / 16)
    left, top, right, bottom = pen.multiline_textbbox(middle, lines, font, anchor="mm")
    plate, ink = rng.sample(_INKS, 2)
    pen.rounded_rectangle((left - 24, top - 24, right + 24, bottom + 24), 12, fill=plate, outline=ink, width=5)
    pen.multiline_text(middle, lines, ink, font, anchor="mm", align="center")
    return Upload(encoded(image, "JPEG", quality=88), f'a sign that says "{words.lower()}"', "image/jpeg")


def sticker(number: int) -> Upload:
    """Return a sticker or logo on a transparent ground, with soft edges and often a white or black rim."""
    rng, side = random.Random(SIGNS_SEED + 1000 + number), _STICKER_SIDES[number % len(_STICKER_SIDES)]
    large = Image.new("RGBA", (2 * side, 2 * side))
    pen = ImageDraw.Draw(large)
    words, ink = rng.choice(_SIGNS).split()[0], rng.choice(_INKS)
    rim = (None, "white", "black")[number % 3]
    if number % 4:
        pen.ellipse((side * 0.2, side * 0.2, side * 1.8, side * 1.8), rng.choice(_INKS), rim, side // 20)
    font = ImageFont.load_default(side / 3)
    pen.text((side, side), words, ink, font, "mm", stroke_width=side // 40 if rim else 0, stroke_fill=rim)
    image = large.resize((side, side), Image.Resampling.LANCZOS)
    caption = f'a logo with the word "{words.lower()}"'
    if number % 2:
        return Upload(encoded(image, "WEBP", quality=85, method=2), caption, "image/webp")
    return Upload(encoded(image, "PNG"), caption, "image/png")


def _behind(number: int, side: int) -> Image.Image:
    if number % 2:
        return photograph(3000 + number, (side * 4 // 3, side))[0]
    return draw(random.Random(SIGNS_SEED + number), split="heldout", only="safe", size=side).image


def _broken(words: str, width: int) -> list[str]:
    lines = [""]
    for word in words.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
