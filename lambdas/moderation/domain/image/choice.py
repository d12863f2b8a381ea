"""Choice of the frames that are looked at, by how long they are shown, and of those that then stay unseen."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from moderation.domain.image.likeness import Sketch, alike, equal, shows_between

_MOVING = 200  # different frames at most whose motion is followed, for time; of more, each counts as it is
_COMPARED = 32  # chosen frames at most, the last ones, that a new one is compared with


@dataclass(frozen=True, eq=False)
class Shot:
    """Rendering of a frame or page: a sketch of it, the time that it is shown, its size in pixels.

    `frames` are the numbers of the frames of the file that it stands for, its own first.
    """

    rendering: str
    sketch: Sketch
    milliseconds: float
    size: tuple[int, int]
    frames: tuple[int, ...]

    @property
    def number(self) -> int:
        """Number of its frame."""
        return self.frames[0]


@dataclass(frozen=True)
class Choice:
    """Shots that are looked at, in the order of the file, and those that differ from them all."""

    seen: tuple[Shot, ...]
    unseen: tuple[Shot, ...]


def choose(shots: Iterable[Shot], always: Collection[int], most: int, *, moving: bool) -> Choice:
    """Choose at most `most` shots: those of the frames in `always`, then those whose like is shown longest.

    Renderings are compared with those of the same name. Pages of a document aren't `moving`: only what is in the same
    place is the same.
    """
    ordered = sorted(shots, key=lambda shot: shot.rendering)
    tracks = [_Track(list(track), always, moving=moving) for _, track in groupby(ordered, lambda shot: shot.rendering)]
    wanted = [shot for track in tracks for shot in track.always]
    times = {shot: time for track in tracks for shot, time in track.enough().items()}
    wanted += sorted(times.keys() - set(wanted), key=lambda shot: (-times[shot], shot.number, shot.rendering))
    seen = sorted(wanted[:most], key=lambda shot: (shot.number, shot.rendering))
    return Choice(tuple(seen), tuple(shot for track in tracks for shot in track.unseen(seen)))


class _Track:
    """Renderings of the same name, in the order of the file; equal ones after each other count once."""

    def __init__(self, shots: Sequence[Shot], always: Collection[int], *, moving: bool) -> None:
        self._shots = _without_repeats(shots)
        self._moving = moving and len(self._shots) <= _MOVING
        self.always = [shot for shot in self._shots if shot.number in always]

    def enough(self) -> dict[Shot, float]:
        """Shots that show all the others, as few as can be found, with the time for which each shows something."""
        seen, times, at = list(self.always), dict.fromkeys(self.always, 0.0), 0
        while at < len(self._shots):
            shot = self._shots[at]
            like = next((one for one in seen[-_COMPARED:] if alike(shot.sketch, one.sketch)), None)
            end = at + 1
            if like is None and self._are_shown(self._shots[at:], seen):
                like, end = seen[-1], len(self._shots)
            elif like is None:
                farthest = self._farthest(at, seen)
                like, end = self._shots[farthest], farthest + 1
                seen.append(like)
            times[like] = sum((one.milliseconds for one in self._shots[at:end]), times.get(like, 0.0))
            at = end
        return times

    def unseen(self, seen: Collection[Shot]) -> list[Shot]:
        """Return the shots that show something that those which are looked at don't."""
        mine = [shot for shot in self._shots if shot in seen]
        return [shot for shot in self._shots if not self._is_shown(shot, mine)]

    def _farthest(self, at: int, seen: Sequence[Shot]) -> int:
        """Return the position of the last shot that, with those seen, shows all from `at` on."""
        farthest, step, grows = at, 1, True
        while step:
            end = farthest + step
            if end < len(self._shots) and self._are_shown(self._shots[at:end], [*seen, self._shots[end]]):
                farthest = end
            else:
                grows = False
            step = 2 * step if grows else step // 2
        return farthest

    def _are_shown(self, shots: Sequence[Shot], seen: Sequence[Shot]) -> bool:
        return all(self._is_shown(shot, seen) for shot in shots)

    def _is_shown(self, shot: Shot, seen: Sequence[Shot]) -> bool:
        """Tell if shots that are looked at show all that this one shows; the first follows after the last."""
        if any(alike(shot.sketch, one.sketch) for one in seen[-_COMPARED:]):
            return True
        before = max((one for one in seen if one.number < shot.number), key=_number, default=None)
        after = min((one for one in seen if one.number > shot.number), key=_number, default=None)
        if before is None or not self._moving:
            return False
        after = after or min(seen, key=_number)
        return shows_between(shot.sketch, before.sketch, after.sketch)


def _without_repeats(shots: Sequence[Shot]) -> list[Shot]:
    """Merge shots with the equal ones right after them."""
    merged: list[Shot] = []
    for shot in shots:
        if merged and equal(shot.sketch, merged[-1].sketch):
            last = merged[-1]
            time = last.milliseconds + shot.milliseconds
            merged[-1] = replace(last, milliseconds=time, frames=last.frames + shot.frames)
        else:
            merged.append(shot)
    return merged


def _number(shot: Shot) -> int:
    return shot.number
