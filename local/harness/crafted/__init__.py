"""Crafted pictures, by class: files that a careless decoder shows otherwise than a browser."""

from collections.abc import Callable

from local.harness.crafted import (
    cmyk,
    depth,
    film_colour,
    metadata,
    orientation,
    png_colour,
    profiles,
    several,
    sizes,
    structure,
    transparency,
)

_CLASSES: dict[str, dict[str, Callable[[], bytes]]] = {
    "ICC profiles": profiles.FILES,
    "JPEG colour spaces": cmyk.FILES,
    "PNG colour chunks": png_colour.FILES,
    "code points of AVIF and HEIC": film_colour.FILES,
    "transparency": transparency.FILES,
    "depth": depth.FILES,
    "orientation": orientation.FILES,
    "structure": structure.FILES,
    "metadata": metadata.FILES,
    "sizes": sizes.FILES,
    "several pictures": several.FILES,
}


def crafted_files() -> dict[str, dict[str, bytes]]:
    """Return the crafted files by class and name."""
    return {name: {file: make() for file, make in files.items()} for name, files in _CLASSES.items()}
