"""A batch ends before DJL would kill its process: what is done is answered, the rest gets a sentence."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from blip2_serving.deadline import Deadline
from PIL import Image

from local.models.container import Container, Reply

WEAPON = "Question: Does this photo contain a weapon? Answer:"
LATE = "wasn't there after 40 s"

Ask = Callable[..., list[Reply]]


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(container: Container) -> Clock:
    clock = Clock()
    _blip2(container).deadline.clock = clock
    return clock


@pytest.fixture
def slow(container: Container, clock: Clock) -> Callable[..., None]:
    """Make each pass through a part of the network take its time, for all rows together or for each."""

    def make(part: str, seconds: float = 0, a_row: float = 0) -> None:
        module = _blip2(container)._model.get_submodule(part)

        def take(_module: Any, _arguments: Any, output: Any) -> None:
            clock.now += seconds + a_row * len(output)

        module.register_forward_hook(take)

    return make


@pytest.fixture
def request_for(picture: Callable[..., Image.Image], encoded: Callable[..., str]) -> Callable[..., dict[str, Any]]:
    """A request about a picture of its own."""
    seeds = iter(range(100))
    return lambda **fields: {"image": encoded(picture(next(seeds))), **fields}


@pytest.mark.parametrize(
    "heavy",
    [
        {"prompts": [WEAPON], "parameters": {"max_new_tokens": 256}},
        {"prompts": [WEAPON] * 9, "parameters": {"max_new_tokens": 256}},
        {"prompt": WEAPON, "parameters": {"num_beams": 8, "min_new_tokens": 256}},
        {"prompt": WEAPON, "parameters": {"do_sample": True, "min_new_tokens": 256}},
        {"caption": True, "parameters": {"max_new_tokens": 256}},
    ],
    ids=["greedy", "many prompts", "beams", "sampled", "caption"],
)
def test_a_slow_request_fails_alone(
    ask: Ask, slow: Callable[..., None], request_for: Callable[..., dict[str, Any]], heavy: dict[str, Any]
) -> None:
    neighbours = [request_for(prompts=[WEAPON], caption=True), request_for(prompt=WEAPON), request_for()]
    alone = [ask(neighbour)[0] for neighbour in neighbours]
    slow("language_model.lm_head", seconds=1)

    first, late, *others = ask(neighbours[0], request_for(**heavy), *neighbours[1:])

    assert [reply.body for reply in (first, *others)] == [reply.body for reply in alone]
    error = json.loads(late.body)
    assert error["code"] == 504
    assert LATE in error["error"]


def test_a_lone_slow_request_is_a_504(
    ask: Ask, slow: Callable[..., None], request_for: Callable[..., dict[str, Any]]
) -> None:
    slow("language_model.lm_head", seconds=1)

    (reply,) = ask(request_for(prompt=WEAPON, parameters={"max_new_tokens": 256}))

    assert reply.status == 504
    assert LATE in json.loads(reply.body)["error"]


def test_light_requests_dont_wait_for_the_rows_of_a_heavy_one(
    ask: Ask, slow: Callable[..., None], request_for: Callable[..., dict[str, Any]]
) -> None:
    """Together each of the 32 steps would take 3.3 s."""
    slow("language_model.lm_head", a_row=0.05)

    heavy, *light = ask(request_for(prompts=[WEAPON] * 64), *(request_for(prompt=WEAPON) for _ in range(3)))

    assert json.loads(heavy.body)["code"] == 504
    assert all(b'"error"' not in reply.body for reply in light)


def test_of_two_groups_the_lighter_is_decoded_first(
    ask: Ask, slow: Callable[..., None], request_for: Callable[..., dict[str, Any]]
) -> None:
    slow("language_model.lm_head", seconds=0.8)
    heavy = request_for(prompt=WEAPON, parameters={"num_beams": 2, "min_new_tokens": 48})
    light = request_for(prompt=WEAPON, parameters={"num_beams": 2, "min_new_tokens": 24})

    late, answered = ask(heavy, light)

    assert json.loads(late.body)["code"] == 504
    assert b'"error"' not in answered.body


def test_prompts_that_take_long_to_read_are_given_up_between_two_layers(
    ask: Ask, slow: Callable[..., None], request_for: Callable[..., dict[str, Any]]
) -> None:
    light = request_for(prompt=WEAPON)
    (alone,) = ask(light)
    slow("language_model.encoder.block.0.layer.0.SelfAttention.q", a_row=0.5)  # a row is a token here

    answered, late = ask(light, request_for(prompts=["long " * 200] * 2))

    assert answered.body == alone.body
    assert json.loads(late.body)["code"] == 504


def test_images_that_take_long_to_see_are_given_up(
    ask: Ask, slow: Callable[..., None], request_for: Callable[..., dict[str, Any]]
) -> None:
    slow("vision_model.encoder.layers.0", seconds=41)

    assert [json.loads(reply.body)["code"] for reply in ask(request_for(), request_for())] == [504, 504]


def test_what_comes_next_has_its_own_time(
    ask: Ask, slow: Callable[..., None], request_for: Callable[..., dict[str, Any]]
) -> None:
    request = request_for(prompts=[WEAPON], caption=True)
    (alone,) = ask(request)
    slow("language_model.lm_head", seconds=1)
    ask(request_for(prompt=WEAPON, parameters={"max_new_tokens": 256}))

    assert ask(request)[0].body == alone.body


def test_a_blank_image_that_wasnt_scored_in_time_is_scored_later(
    ask: Ask, slow: Callable[..., None], request_for: Callable[..., dict[str, Any]], clock: Clock, container: Container
) -> None:
    hook = _blip2(container)._model.language_model.lm_head.register_forward_hook(
        lambda *_: setattr(clock, "now", clock.now + 41)
    )
    request = request_for(prompts=[WEAPON])
    assert ask(request)[0].status == 504
    hook.remove()

    (reply,) = ask(request)

    assert 0 <= json.loads(reply.body)["answers"][0]["p_blank"] <= 1


def test_sigterm_leaves_a_batch_25_seconds(
    ask: Ask, slow: Callable[..., None], request_for: Callable[..., dict[str, Any]], container: Container, clock: Clock
) -> None:
    """SageMaker kills the container 30 s after SIGTERM."""
    slow("language_model.lm_head", seconds=1)
    steps: list[float] = []

    def tell(*_: Any) -> None:
        steps.append(clock.now)
        if len(steps) == 5:
            container._handler._service.stop()

    _blip2(container)._model.language_model.lm_head.register_forward_hook(tell)

    (reply,) = ask(request_for(prompt=WEAPON, parameters={"max_new_tokens": 256}))

    assert reply.status == 504
    assert "is being stopped" in json.loads(reply.body)["error"]
    assert len(steps) == 5 + 25


@pytest.mark.parametrize(
    ("told", "begun", "seconds"),
    [(None, 0, 40), (0, 0, 25), (0, 10, 15), (0, 24.9, 0.1), (10, 0, 35), (30, 0, 40), (0, 30, 40)],
    ids=["untold", "at once", "after", "at the last moment", "in between", "near its end", "not killed"],
)
def test_the_deadline(told: float | None, begun: float, seconds: float) -> None:
    clock = Clock()
    deadline = Deadline(clock)
    if told is not None and told <= begun:
        clock.now = told
        deadline.stop()
    clock.now = begun
    with deadline.batch():
        if told is not None and told > begun:
            clock.now = told
            deadline.stop()

        clock.now = begun + seconds - 0.1
        assert not deadline.passed
        clock.now = begun + seconds
        assert deadline.passed
    assert not deadline.passed  # there is no batch


def _blip2(container: Container) -> Any:
    return container._handler._service._blip2


class OutOfMemoryError(RuntimeError):
    """Named as torch's own."""


@pytest.mark.parametrize(
    ("fault", "code", "says"),
    [
        (OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB"), 507, "ran out of memory"),
        (RuntimeError("probability tensor contains either `inf`, `nan` or element < 0"), 424, "failed"),
    ],
)
def test_a_request_that_the_network_fails_on_harms_no_other(
    container: Container,
    monkeypatch: pytest.MonkeyPatch,
    ask: Ask,
    request_for: Callable[..., dict[str, Any]],
    fault: Exception,
    code: int,
    says: str,
) -> None:
    neighbours = [request_for(prompts=[WEAPON], caption=True), request_for(prompt=WEAPON)]
    alone = [ask(neighbour)[0] for neighbour in neighbours]
    model = _blip2(container)._model.language_model

    def fail(*_: Any, **__: Any) -> None:
        raise fault

    monkeypatch.setattr(model, "generate", fail)

    sampled = {"parameters": {"do_sample": True, "max_new_tokens": 5}}
    first, failed, last = ask(neighbours[0], request_for(prompt=WEAPON, **sampled), neighbours[1])

    assert [first.body, last.body] == [reply.body for reply in alone]
    error = json.loads(failed.body)
    assert error["code"] == code
    assert says in error["error"]
    (lone,) = ask(request_for(prompt=WEAPON, **sampled))
    assert lone.status == code
