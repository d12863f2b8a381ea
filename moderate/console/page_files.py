"""The page's files with their headers: nothing of anybody else's is loaded, and no script or style stands inline."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).with_name("page")
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
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            f"img-src 'self' data: {pictures}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _file(path: Path, pictures: str) -> PageFile:
    headers = {
        "Content-Type": _TYPES[path.suffix],
        "Content-Security-Policy": content_security_policy(pictures),
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return PageFile(path.read_bytes(), headers)
