"""Training prepares images as the processor does, goes on where it stopped, and averages its weights."""

from __future__ import annotations

import copy
import dataclasses
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from model_artifacts.demo import train
from model_artifacts.demo.architecture import Size, build_config, build_model, positions_for
from model_artifacts.demo.drawings import BOX_KINDS, QUESTIONS, draw
from model_artifacts.demo.evaluate import Reader
from model_artifacts.demo.export import export
from model_artifacts.demo.optimiser import orthogonalised
from model_artifacts.demo.train import POSITIONS, Options, Trainer, padded, rate_share


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> Options:
    return Options(
        output=tmp_path_factory.mktemp("training"),
        minutes=None,
        steps=4,
        workers=1,
        batch=3,
        rate=1e-3,
        seed=0,
        resume=False,
        start_from=None,
        seeing_share=0.5,
        report_seconds=60,
        save_seconds=60,
    )


@pytest.fixture(scope="module")
def trainer(options: Options) -> Trainer:
    return Trainer(options, rank=0)


def test_images_are_prepared_as_the_processor_prepares_them(trainer: Trainer) -> None:
    drawings = [draw(random.Random(seed)) for seed in range(4)]
    expected = trainer.processor.image_processor([d.image for d in drawings], return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(trainer.batcher.batch(drawings).pixels, expected, atol=1e-5, rtol=0)


def test_patches_are_labelled_where_the_boxes_are(trainer: Trainer) -> None:
    drawing = draw(random.Random(1), only="blood")
    (box,) = (box for box in drawing.boxes if box.kind == "blood")
    grid = trainer.size.grid
    patches = trainer.batcher.batch([drawing]).patches[0].reshape(grid, grid, len(BOX_KINDS))
    rows, columns = np.nonzero(patches[:, :, BOX_KINDS.index("blood")].numpy())
    pixels = drawing.image.width / grid
    assert (columns.min(), columns.max()) == (box.left // pixels, box.right // pixels)
    assert (rows.min(), rows.max()) == (box.top // pixels, box.bottom // pixels)


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command of `make train-demo`, but short: it saves after every step."""
    monkeypatch.setattr(train, "VALIDATION_DRAWINGS", 2)
    return ["train", "--steps", "4", "--workers", "1", "--batch", "1", "--seed", "3", "--save-seconds", "0", "--resume"]


def test_an_interrupted_run_ends_with_the_weights_of_one_that_was_never_stopped(
    monkeypatch: pytest.MonkeyPatch, recipe: list[str], tmp_path: Path
) -> None:
    whole, stopped, checkpoint = tmp_path / "whole", tmp_path / "stopped", tmp_path / "checkpoint"
    monkeypatch.setattr("sys.argv", [*recipe, "--output", str(whole)])
    train.main()

    monkeypatch.setattr("sys.argv", [*recipe, "--output", str(stopped)])
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Trainer, "train_step", _interrupted_at(2))
        train.main()
    assert torch.load(stopped / train.STATE, weights_only=True)["step"] == 2
    train.main()

    first, second = (torch.load(run / train.STATE, weights_only=True) for run in (whole, stopped))
    del first["seconds"], second["seconds"]
    torch.testing.assert_close(first, second, rtol=0, atol=0)
    export(stopped, checkpoint)
    (answers,) = Reader(checkpoint).read([draw(random.Random(1), split="heldout")])
    assert len(answers.probabilities) == len(QUESTIONS)


def test_a_run_does_not_go_on_with_other_options(
    monkeypatch: pytest.MonkeyPatch, recipe: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", [*recipe, "--output", str(tmp_path)])
    train.main()

    monkeypatch.setattr("sys.argv", [*recipe, "--output", str(tmp_path), "--steps", "5"])
    with pytest.raises(SystemExit):
        train.main()

    assert "would end like neither" in capsys.readouterr().err


def _interrupted_at(step: int) -> Callable[[Trainer], None]:
    train_step = Trainer.train_step

    def run(trainer: Trainer) -> None:
        if trainer.step == step:
            raise KeyboardInterrupt
        train_step(trainer)

    return run


@pytest.mark.parametrize("damaged", [b"", b"PK\x03\x04 cut off", b"\x80\x02nonsense"])
def test_a_damaged_state_is_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], damaged: bytes
) -> None:
    (tmp_path / "training.pt").write_bytes(damaged)
    monkeypatch.setattr("sys.argv", ["train", "--steps", "4", "--output", str(tmp_path), "--resume"])

    with pytest.raises(SystemExit):
        train.main()

    assert f"delete {tmp_path} to start anew" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--steps=0", "--steps=-5", "--minutes=0", "--minutes=nan", "--workers=0"])
def test_a_run_that_would_never_end_or_begin_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    monkeypatch.setattr("sys.argv", ["train", "--steps", "4", option, "--output", str(tmp_path)])

    with pytest.raises(SystemExit):
        train.main()

    assert "isn't more than 0" in capsys.readouterr().err


def test_a_seed_decides_every_weight_after_some_steps(options: Options, trainer: Trainer) -> None:
    runs = [Trainer(dataclasses.replace(options, seed=seed), rank=0) for seed in (7, 7, 8)]
    for run in runs:
        run.train_step()
    first, same, other = ([parameter.detach() for parameter in run.parameters] for run in runs)
    assert all(torch.equal(a, b) for a, b in zip(first, same, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_a_run_starts_from_a_checkpoint_that_sees_fewer_pixels(
    trainer: Trainer, options: Options, tmp_path: Path
) -> None:
    smaller = dataclasses.replace(Size(), image=Size().image // 2)
    earlier = build_model(build_config(trainer.processor, smaller), seed=5)
    earlier.save_pretrained(tmp_path)
    processor = copy.deepcopy(trainer.processor)
    processor.image_processor.size = {"height": smaller.image, "width": smaller.image}
    processor.save_pretrained(tmp_path)

    started = Trainer(dataclasses.replace(options, start_from=tmp_path), rank=0)
    started.start_from(tmp_path)

    state, expected = started.model.state_dict(), earlier.state_dict()
    expected[POSITIONS] = positions_for(expected[POSITIONS], started.size.grid)
    for name, weights in state.items():
        torch.testing.assert_close(weights, expected[name])
    assert started.processor.image_processor.size == {"height": Size().image, "width": Size().image}
    started.train_step()


def test_positions_keep_their_place_in_the_picture() -> None:
    def plane(grid: int) -> torch.Tensor:
        """The centre of each patch, in [0, 1], after a first position: (1, 1 + patches, 2)."""
        middles = (torch.arange(grid) + 0.5) / grid
        down, right = torch.meshgrid(middles, middles, indexing="ij")
        return torch.cat([torch.full((1, 2), 7.0), torch.stack([right, down], -1).reshape(-1, 2)])[None]

    torch.testing.assert_close(positions_for(plane(12), 16), plane(16), atol=0.02, rtol=0)
    torch.testing.assert_close(positions_for(plane(12), 12), plane(12))


def test_the_model_that_is_saved_is_the_average_and_training_goes_on_with_the_latest(trainer: Trainer) -> None:
    trainer.train_step()
    latest = [parameter.detach().clone() for parameter in trainer.model.parameters()]
    with trainer.averaged():
        averaged = [parameter.detach().clone() for parameter in trainer.model.parameters()]
    assert any(not torch.equal(a, b) for a, b in zip(latest, averaged, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(latest, trainer.model.parameters(), strict=True))


def test_the_rate_warms_up_and_ends_low() -> None:
    assert rate_share(0, 0.0) < rate_share(30, 0.05) < rate_share(100, 0.1) == 1
    assert rate_share(1000, 0.5) > rate_share(2000, 0.9) > rate_share(3000, 1.0) > 0


def test_orthogonalised_has_singular_values_near_one() -> None:
    generator = torch.Generator().manual_seed(0)
    for shape in ((16, 48), (48, 16), (32, 32)):
        values = torch.linalg.svdvals(orthogonalised(torch.randn(shape, generator=generator)))
        assert 0.3 < values.min() <= values.max() < 1.3


def test_padding_is_on_the_right() -> None:
    assert padded([[5, 6, 7], [8]], 0).tolist() == [[5, 6, 7], [8, 0, 0]]
