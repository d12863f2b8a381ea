"""Crafted pictures, by class: files that a careless decoder shows otherwise than a browser."""

from collections.abc import Callable

from local.harness.crafted import cmyk, png_colour, profiles

CLASSES: dict[str, dict[str, Callable[[], bytes]]] = {
    "ICC profiles": profiles.FILES,
    "JPEG colour spaces": cmyk.FILES,
    "PNG colour chunks": png_colour.FILES,
}
