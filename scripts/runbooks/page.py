"""Commands of docs/runbooks.md, and of sections of other pages that use its functions, by heading."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("runbooks.md", "contracts.md", "security.md")
FUNCTIONS = "Alarms"  # the section whose first block defines the functions that all runbooks use
_SECTION = re.compile(r"^#{2,3} (.+)\n((?:(?!^#{2,3} ).*\n)*)", re.MULTILINE)
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_VARIABLE = re.compile(r"([A-Z_]+)=\S+")


@dataclass(frozen=True)
class Block:
    """One fenced block: its commands, whose continued lines are joined."""

    text: str

    @property
    def commands(self) -> tuple[str, ...]:
        return tuple(re.sub(r"\\\n\s*", "", self.text).splitlines())

    def with_values(self, values: dict[str, str]) -> "Block":
        """Return the block with other values for its variables. Raises KeyError for one that it doesn't set."""
        lines = self.text.splitlines(keepends=True)
        for name, value in values.items():
            at = [n for n, line in enumerate(lines) if (found := _VARIABLE.match(line)) and found[1] == name]
            if not at:
                raise KeyError(name)
            lines[at[0]] = f"{name}='{value}'\n"
        return Block("".join(lines))


@cache
def sections() -> dict[str, tuple[Block, ...]]:
    """Return the blocks of each section that has some, by its heading."""
    found = [section for page in PAGES for section in _SECTION.findall((DOCS / page).read_text("utf-8"))]
    blocks = {heading: tuple(map(Block, _BLOCK.findall(text))) for heading, text in found}
    return {heading: of for heading, of in blocks.items() if of}


def functions() -> Block:
    """Return the block that defines the functions."""
    return sections()[FUNCTIONS][0]
