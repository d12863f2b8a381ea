"""Searches for garbage, which would stop the laptop cloud for a second while its tables are large."""

import gc

# moto alone is 140,000 objects, which need no search for garbage after each 700 new ones.
_NEW_OBJECTS = 20_000


def search_new_objects_only() -> None:
    """Leave what two searches found in use out of all later ones: it is what is stored, which reference counts free.

    A cycle that becomes garbage after that is kept until the process ends.
    """
    gc.set_threshold(_NEW_OBJECTS)
    gc.callbacks.append(_keep)


def _keep(phase: str, info: dict[str, int]) -> None:
    if phase == "stop" and info["generation"] > 0:
        gc.freeze()
