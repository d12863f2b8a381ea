"""Headers that an uploader declares for an object, by which a browser may show something else than its picture."""

import re

from moderation.errors import UnsupportedImage

# Browsers take the last of several types, and sniff what isn't one: each that occurs anywhere counts.
_TYPE = re.compile(r"([a-z0-9!#$&^_.+*-]+)\s*/\s*([a-z0-9!#$&^_.+*-]+)", re.IGNORECASE)
_ACTIVE_TYPES = frozenset({"text", "multipart", "message"})
_ACTIVE_WORDS = frozenset(
    {
        *("html", "xhtml", "mhtml", "mimearchive", "hta", "xml", "xsl", "xslt", "svg", "pdf", "acrobat", "postscript"),
        *("javascript", "ecmascript", "jscript", "livescript", "vbscript", "shockwave", "flash", "futuresplash"),
        *("java", "wasm", "xpinstall"),
    }
)
# Codings that browsers undo before they look at the bytes; they ignore every other word, as "base64" or "utf-8".
_CODINGS = frozenset({"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress"})
_SHOWN = 80  # characters


def refuse_active_content(content_type: str, content_encoding: str = "") -> None:
    """Raise UnsupportedImage for an object declared as active content or as compressed.

    A missing type, `application/octet-stream`, an alias and another image type are no reason.
    """
    for kind, subtype in _TYPE.findall(content_type.lower()):
        if kind in _ACTIVE_TYPES or _ACTIVE_WORDS & {
            word.rstrip("0123456789") for word in re.split("[^a-z0-9]", subtype)
        }:
            raise UnsupportedImage(
                f"The object is declared as {f'{kind}/{subtype}'[:_SHOWN]} (Content-Type), as which a browser shows "
                "something else than a picture: it must be uploaded with the type of its image."
            )
    codings = _CODINGS & set(re.split(r"[^a-z0-9-]+", content_encoding.lower()))
    if codings:
        raise UnsupportedImage(
            f"The object is declared as compressed ({min(codings)}, Content-Encoding), so that a browser shows "
            "something else than its bytes: it must be uploaded without that header."
        )
