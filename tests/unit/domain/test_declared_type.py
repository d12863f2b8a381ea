"""Declared types: active content is refused in words, and nothing that SDKs and cameras declare is."""

import pytest

from moderation.domain.declared_type import refuse_active_content
from moderation.errors import UnsupportedImage
from scripts.evaluation.ordinary.headers import DECLARED


@pytest.mark.parametrize(
    "declared",
    [
        "text/html",
        " TEXT/HTML; charset=UTF-8",
        "text/plain",
        "text/x-anything",
        "text / html",
        "image/svg+xml",
        "image/svg",
        "Image/SVG+XML;charset=utf-8",
        "application/xml",
        "application/rss+xml",
        "application/xml-external-parsed-entity",
        "application/xhtml+xml",
        "application/vnd.wap.xhtml+xml",
        "application/pdf",
        "application/x-pdf",
        "application/javascript",
        "application/x-javascript1.5",
        "application/ecmascript",
        "application/x-shockwave-flash",
        "application/x-java-applet",
        "application/wasm",
        "application/postscript",
        "multipart/x-mixed-replace; boundary=x",
        "multipart/related",
        "message/rfc822",
        "image/png, text/html",
        "image/png\ntext/html",
        "image/png; q=1, application/xhtml+xml",
        ";text/html",
    ],
)
def test_active_content_is_refused_by_its_name(declared):
    with pytest.raises(UnsupportedImage, match=r"declared as [a-z]+/[a-z0-9.+-]+ \(Content-Type\)"):
        refuse_active_content(declared)


@pytest.mark.parametrize(
    "declared",
    [
        *(declared or "" for declared in DECLARED),
        "image/jpg",
        "image/vnd.microsoft.icon",
        "image/heic-sequence",
        "application/json",
        "application/zip",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "video/mp4",
        "unknown/unknown",
        "*/*",
        "png",
        "text",
    ],
)
def test_all_else_is_only_recorded(declared):
    refuse_active_content(declared)


def test_a_long_type_is_shortened_in_the_sentence():
    with pytest.raises(UnsupportedImage) as refused:
        refuse_active_content("text/" + "x" * 2000)

    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "aws-chunked,gzip", "deflate", "zstd"])
def test_what_a_browser_would_unpack_first_is_refused(coding):
    with pytest.raises(UnsupportedImage, match="Content-Encoding"):
        refuse_active_content("image/png", coding)


@pytest.mark.parametrize("coding", ["", "identity", "aws-chunked", "base64", "utf-8"])
def test_a_coding_that_no_browser_undoes_is_none(coding):
    refuse_active_content("image/png", coding)
