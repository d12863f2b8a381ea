"""Real weights are found, counted and fetched, or their absence is explained."""

import io
import os
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from huggingface_hub.errors import LocalEntryNotFoundError, NotASafetensorsRepoError
from rich.console import Console
from transformers import Blip2ForConditionalGeneration

from local.models import blip2, weights
from local.models.app import ModelSettings, model_server
from local.models.blip2 import Blip2Endpoint, Checkpoint, choose_checkpoint
from local.models.errors import UnusableModel
from local.models.template import hosted, synthesised
from stacks.contract import BLIP2_WEIGHTS

HUB_ID = "Salesforce/blip2-flan-t5-xl"


@dataclass(frozen=True)
class _Metadata:
    parameter_count: dict[str, int]


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def _printed(console: Console) -> str:
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_a_folder_is_counted_without_being_loaded(checkpoint: Path, console: Console) -> None:
    model = Blip2ForConditionalGeneration.from_pretrained(checkpoint)

    assert weights.find("BLIP2_MODEL", str(checkpoint), console) == checkpoint
    # T5 shares its embedding, which the file holds once
    assert weights.count_parameters(checkpoint) == sum(p.numel() for p in model.parameters())
    assert "GB of memory" in _printed(console)


def test_weights_that_dont_fit_are_refused_before_they_are_loaded(
    checkpoint: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "count_parameters", lambda folder: 4_000_000_000)
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 2_000_000, "SC_PAGE_SIZE": 4_000}.get)

    with pytest.raises(UnusableModel, match=r"needs about 17.6 GB of memory .* this machine has only 8.0 GB"):
        weights.find("BLIP2_MODEL", str(checkpoint), console)


@pytest.mark.parametrize("setting", ["blip2_model", "llama_model"])
def test_damaged_weights_are_named(checkpoint: Path, tmp_path: Path, console: Console, setting: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(checkpoint, copy)
    (copy / "model.safetensors").write_bytes((checkpoint / "model.safetensors").read_bytes()[:5000])

    with pytest.raises(UnusableModel, match=r"model\.safetensors is damaged .* again"), ExitStack() as stack:
        stack.enter_context(model_server(ModelSettings(**{setting: str(copy)}), console))


def test_a_judge_that_is_no_language_model_is_refused_in_words(checkpoint: Path, console: Console) -> None:
    settings = ModelSettings(llama_model=str(checkpoint))

    with pytest.raises(UnusableModel, match="can't be loaded as a language model"), ExitStack() as stack:
        stack.enter_context(model_server(settings, console))


@pytest.mark.parametrize("model", ["/no/such/folder", "three/part/name", "word"])
def test_what_is_neither_folder_nor_hub_id_is_refused(model: str, console: Console) -> None:
    with pytest.raises(UnusableModel, match=r"Name a folder with a config.json, or a hub id"):
        weights.find("BLIP2_MODEL", model, console)


def test_a_hub_id_is_counted_first_and_then_fetched(
    checkpoint: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    revisions: set[object] = set()

    def fetch(hub_id: str, **options: object) -> str:
        assert "GB of memory" in _printed(console)
        revisions.add(options["revision"])
        return str(checkpoint)

    def look(hub_id: str, revision: str | None) -> _Metadata:
        revisions.add(revision)
        return _Metadata({"F32": 400_000})

    monkeypatch.setattr(weights, "get_safetensors_metadata", look)
    monkeypatch.setattr(weights, "snapshot_download", fetch)

    chosen = choose_checkpoint(HUB_ID, Path("unused"), console)

    assert (chosen.folder, chosen.name, chosen.demo) == (checkpoint, HUB_ID, False)
    assert f"Fetching {HUB_ID}" in _printed(console)
    assert revisions == {BLIP2_WEIGHTS["revision"]}


def test_offline_and_never_fetched_is_a_clear_sentence(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    _offline(monkeypatch)

    def nothing(hub_id: str, **options: object) -> str:
        assert options["local_files_only"]
        raise LocalEntryNotFoundError("not in the cache")

    monkeypatch.setattr(weights, "snapshot_download", nothing)

    with pytest.raises(UnusableModel, match=r"can't be reached, and the model was never downloaded here. Go online"):
        weights.find("BLIP2_MODEL", HUB_ID, console)


def test_offline_but_fetched_before_is_served(
    checkpoint: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    _offline(monkeypatch)
    monkeypatch.setattr(weights, "snapshot_download", lambda hub_id, **options: str(checkpoint))

    assert weights.find("BLIP2_MODEL", HUB_ID, console) == checkpoint


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (NotASafetensorsRepoError("no"), "holds no safetensors"),
        (requests.HTTPError("401", response=requests.Response()), "hub answered .* accept its licence"),
    ],
)
def test_a_hub_that_refuses_is_explained(
    error: Exception, sentence: str, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(hub_id: str, revision: str | None) -> None:
        raise error

    monkeypatch.setattr(weights, "get_safetensors_metadata", refuse)

    with pytest.raises(UnusableModel, match=sentence):
        weights.find("LLAMA_MODEL", "meta-llama/Llama-2-13b-chat-hf", console)


def test_without_any_checkpoint_random_weights_say_so(
    tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blip2, "DEMO_CHECKPOINT", tmp_path / "nothing here")

    chosen = choose_checkpoint(None, tmp_path / "scratch", console)

    assert "RANDOM" in chosen.description
    assert chosen.input_size == 64


def test_the_demo_checkpoint_is_the_default(
    checkpoint: Path, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blip2, "DEMO_CHECKPOINT", checkpoint)

    chosen = choose_checkpoint(None, tmp_path, console)

    assert (chosen.folder, chosen.name, chosen.demo) == (checkpoint, "demo", True)
    assert "not photographs" in chosen.description


def test_an_incomplete_checkpoint_is_refused_in_words(checkpoint: Path, tmp_path: Path) -> None:
    shutil.copytree(checkpoint, tmp_path / "part", ignore=shutil.ignore_patterns("model.safetensors"))

    with pytest.raises(UnusableModel, match=r"part can't be served: .*model.safetensors"):
        Blip2Endpoint(
            Checkpoint(tmp_path / "part", "part", "a part of a checkpoint"), hosted(synthesised()), tmp_path / "model"
        )


def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(hub_id: str, revision: str | None) -> None:
        raise requests.ConnectionError("no route")

    monkeypatch.setattr(weights, "get_safetensors_metadata", unreachable)
