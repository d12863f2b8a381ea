"""Choice of the frames that are looked at, by how long they are shown, and of those that then stay unseen."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from moderation.domain.image.likeness import Sketch, alike, equal, fades_between, follows, follows_between

_MOVING = 200  # different frames at most whose motion is followed, for time; of more, each counts as it is
_COMPARED = 32  # groups at most, the last ones, that a new one is compared with


@dataclass(frozen=True, eq=False)
class ScannedFrame:
    """Frame or page: sketches of its renderings by their names, the time that it is shown, its size in pixels.

    `times` counts the frames of the file that it stands for.
    """

    number: int
    sketches: Mapping[str, Sketch]
    milliseconds: float
    size: tuple[int, int]
    times: int = 1


@dataclass(frozen=True)
class Choice:
    """Frames that are looked at, and those that differ from them all."""

    seen: tuple[ScannedFrame, ...]
    unseen: tuple[ScannedFrame, ...]


def choose(scanned: Sequence[ScannedFrame], always: Collection[int], most: int, *, moving: bool) -> Choice:
    """Choose frames with at most `most` renderings: those in `always`, then those whose like is shown longest.

    Pages of a document aren't `moving`: only what is in the same place is the same.
    """
    frames = _without_repeats(scanned)
    comparison = _Comparison(moving=moving and len(frames) <= _MOVING)
    seen = [frame for frame in frames if frame.number in always]

    def fits(frame: ScannedFrame) -> bool:
        return sum(len(one.sketches) for one in (*seen, frame)) <= most

    for frame in comparison.longest(frames, seen):
        if fits(frame) and not comparison.shown(frame, seen):
            seen.append(frame)
    unseen = [frame for frame in frames if not comparison.shown(frame, seen)]
    while fitting := [frame for frame in unseen if fits(frame)]:
        seen.append(max(fitting, key=lambda frame: frame.milliseconds))
        unseen = [frame for frame in unseen if not comparison.shown(frame, seen)]
    return Choice(tuple(seen), tuple(unseen))


class _Comparison:
    """Comparisons of frames; those that take long are done once."""

    def __init__(self, *, moving: bool) -> None:
        self._moving = moving
        self._between: dict[tuple[int, int, int], bool] = {}

    def longest(self, frames: Sequence[ScannedFrame], always: Collection[ScannedFrame]) -> list[ScannedFrame]:
        """One frame of each group of frames of which it shows the contents, the group shown longest first."""
        groups: dict[ScannedFrame, float] = {}
        at = 0
        while at < len(frames):
            first = at
            chosen = frames[at]
            while chosen not in always and at + 1 < len(frames) and self._follows(frames[first], frames[at + 1]):
                at += 1
                chosen = frames[at]
            while at + 1 < len(frames) and frames[at + 1] not in always and self._follows(frames[at + 1], chosen):
                at += 1
            at += 1
            time = sum(frame.milliseconds for frame in frames[first:at])
            known = next((one for one in list(groups)[-_COMPARED:] if _every(alike, chosen, one)), chosen)
            groups[known] = groups.get(known, 0) + time
        return sorted(groups, key=lambda frame: -groups[frame])

    def shown(self, frame: ScannedFrame, seen: Sequence[ScannedFrame]) -> bool:
        """Tell if the frames that are looked at show all that the frame shows."""
        if any(_every(alike, frame, one) for one in seen):
            return True
        if not self._moving:
            return False
        before = max((one for one in seen if one.number < frame.number), key=_number, default=None)
        after = min((one for one in seen if one.number > frame.number), key=_number, default=min(seen, key=_number))
        if before is None:
            return False
        key = (frame.number, before.number, after.number)
        if key not in self._between:
            self._between[key] = _every(fades_between, frame, before, after) or _every(
                follows_between, frame, before, after
            )
        return self._between[key]

    def _follows(self, frame: ScannedFrame, other: ScannedFrame) -> bool:
        return _every(alike, frame, other) or (self._moving and _every(follows, frame, other))


def _every(likeness: Callable[..., bool], frame: ScannedFrame, *others: ScannedFrame) -> bool:
    """Tell if a likeness holds for each rendering; a frame without an alternative rendering shows its main one."""
    names = dict.fromkeys(name for one in (frame, *others) for name in one.sketches)
    return all(likeness(*(one.sketches.get(name, one.sketches[""]) for one in (frame, *others))) for name in names)


def _without_repeats(scanned: Sequence[ScannedFrame]) -> list[ScannedFrame]:
    """Merge frames with the equal ones right after them."""
    frames: list[ScannedFrame] = []
    for frame in scanned:
        if frames and _every(equal, frame, frames[-1]):
            last = frames[-1]
            frames[-1] = replace(
                last, milliseconds=last.milliseconds + frame.milliseconds, times=last.times + frame.times
            )
        else:
            frames.append(frame)
    return frames


def _number(frame: ScannedFrame) -> int:
    return frame.number
