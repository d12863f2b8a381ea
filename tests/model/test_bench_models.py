"""The measurement compares like with like, and leaves the rest of its page alone."""

from pathlib import Path

import torch
from rich.console import Console

from scripts.bench import gpu
from scripts.bench import models as bench_models
from scripts.bench.models import PROMPTS, QUICK, WAYS, build, on_cpu, our_way, picture, sample_way
from scripts.sections import write_section


def test_both_ways_give_the_same_answers() -> None:
    network = build(QUICK)
    image = picture(1, 64)

    (ours,) = our_way(network, image)

    assert [*(answer["text"] for answer in ours["answers"]), ours["caption"]] == sample_way(network, image)


def test_batches_of_any_size_give_the_same_answers_in_fp32() -> None:
    network = build(QUICK, dtype=torch.bfloat16)

    figures = dict(gpu.numerics(network, PROMPTS[:2], gpu.Pictures(64)))

    for compared in figures["fp32_by_batch"].values():
        assert compared["flips"] == 0
        assert compared["same_texts"] == compared["answers"] == 2 * gpu.COMPARED
        assert compared["same_captions"] == gpu.COMPARED
    assert figures["fp32_texts"]["same"] == figures["fp32_texts"]["texts"]
    assert figures["bf16_and_fp32"]["max_change"] > 0


def test_both_ways_are_timed_for_each_number_of_views() -> None:
    times = gpu.latencies(build(QUICK), PROMPTS[:2], gpu.Pictures(64), rounds=1)

    assert times["sample_ms"] > 0
    assert [each["views"] for each in times["ours"]] == list(gpu.VIEWS)
    assert all(each["encode_ms"] < each["with_caption_ms"] for each in times["ours"])


def test_every_way_is_timed() -> None:
    times = on_cpu(QUICK, 1, Console(quiet=True))

    assert list(times) == list(WAYS)
    assert all(milliseconds > 0 for milliseconds in times.values())


def test_the_page_compares_with_the_sample() -> None:
    results = {
        "day": "2026-11-28",
        "machine": "A processor",
        "threads": 2,
        "parameters": "ViT 16 M",
        "repeats": 3,
        "cpu": {"the sample's way": 900.0, "ours": 250.0},
        "judge": {"ours": {"prompt": 900, "answer": 40}},
    }

    page = bench_models.page(results)

    assert "| ours | 250 | 3.60 |" in page


def test_writing_a_section_twice_replaces_it_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    write_section(page, "models", "first")
    page.write_text(page.read_text() + "\n## Something else\n")

    write_section(page, "models", "second")

    text = page.read_text()
    assert "first" not in text
    assert "second" in text
    assert text.endswith("\n## Something else\n")


def test_a_page_without_the_section_keeps_its_text(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("# Performance\n\n## Pipeline\n\nfast\n")

    write_section(page, "models", "figures")

    assert page.read_text().startswith("# Performance\n\n## Pipeline\n\nfast\n")
    assert "figures" in page.read_text()
