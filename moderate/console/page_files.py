"""The page's files with their headers: nothing of anybody else's is loaded, and no script or style stands inline."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("page")
# What the page is sent with, here and by the deployed console.
_SENT: dict[str, Any] = json.loads(Path(__file__).with_name("headers.json").read_text("utf-8"))
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class PageFile:
    """A file as it is sent."""

    body: bytes
    headers: Mapping[str, str]


def page_files(pictures: str) -> dict[str, PageFile]:
    """Return the files by their paths; pictures may come from that origin as well."""
    paths = [path for path in sorted(PAGE.rglob("*")) if path.suffix in _TYPES]
    files = {f"/{path.relative_to(PAGE).as_posix()}": _file(path, pictures) for path in paths}
    return {"/": files["/index.html"], **files}


def content_security_policy(pictures: str) -> str:
    """Return the page's policy: scripts, styles and requests of its own, previews, and pictures of one other origin."""
    policy: dict[str, list[str]] = _SENT["content_security_policy"]
    allowed = policy | {"img-src": [*policy["img-src"], pictures]}
    return "; ".join(" ".join((name, *sources)) for name, sources in allowed.items())


def _file(path: Path, pictures: str) -> PageFile:
    headers = {
        "Content-Type": _TYPES[path.suffix],
        "Content-Security-Policy": content_security_policy(pictures),
        **_SENT["headers"],
    }
    return PageFile(path.read_bytes(), headers)
