"""The rules of DJL Serving's start, each with what it leads to."""

import json
from pathlib import Path

import pytest

from local.models.djl_properties import Start, UnknownStart, parse_properties, start_of

HUB_ID = "Salesforce/blip2-flan-t5-xl"
BATCHED = "engine=Python\noption.rolling_batch=disable\nbatch_size=8\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model folder as ours: code and properties, no weights."""
    model = tmp_path / "model"
    model.mkdir()
    (model / "model.py").touch()
    (model / "serving.properties").write_text(BATCHED)
    return model


def options(start: Start) -> dict[str, str]:
    """The options of the only model."""
    (model,) = start.models
    return model.options


def test_an_option_variable_becomes_an_option_of_our_model(folder: Path) -> None:
    found = options(start_of(folder, {"OPTION_MODEL_ID": HUB_ID, "OPTION_REVISION": "abc", "OPTION_EMPTY": ""}))

    assert found == {"model_id": HUB_ID, "revision": "abc", "rolling_batch": "disable", "model_dir": str(folder)}


def test_the_file_wins_over_the_environment(folder: Path) -> None:
    (folder / "serving.properties").write_text(BATCHED + "option.model_id = s/b\n")

    assert options(start_of(folder, {"OPTION_MODEL_ID": HUB_ID}))["model_id"] == "s/b"


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        ("OPTION_SERVED_MODEL_NAME", "option.served_model_name"),
        ("OPTION_ENTRYPOINT", "option.entryPoint"),
        ("OPTION_entryPoint", "option.entryPoint"),
        ("OPTION_pythonExecutable", "option.pythonExecutable"),
        ("HF_MODEL_TRUST_REMOTE_CODE", "option.trust_remote_code"),
    ],
)
def test_how_a_variable_is_spelled_as_a_property(folder: Path, variable: str, name: str) -> None:
    (model,) = start_of(folder, {variable: "x"}).models

    assert model.properties[name] == "x"


def test_the_hub_id_of_huggingface_is_a_second_model_and_ours_gets_nothing_of_it(folder: Path) -> None:
    ours, second = start_of(folder, {"HF_MODEL_ID": HUB_ID, "HF_REVISION": "abc", "HF_TASK": "t"}).models

    assert ours.options == {"rolling_batch": "disable", "model_dir": str(folder)}
    assert (second.name, second.folder) == ("Salesforce_blip2_flan_t5_xl", None)
    assert second.properties == {"option.model_id": HUB_ID, "option.revision": "abc", "option.task": "t"}


def test_a_folder_named_so_is_a_model_beside_ours_unless_it_is_ours(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text("{}")

    assert [model.folder for model in start_of(folder, {"HF_MODEL_ID": str(other)}).models] == [folder, other]
    assert [model.folder for model in start_of(folder, {"HF_MODEL_ID": str(folder)}).models] == [folder]


def test_sagemakers_own_variables_overrule_the_file(folder: Path) -> None:
    (folder / "serving.properties").write_text(BATCHED + "option.predict_timeout=70\noption.model_loading_timeout=9\n")
    environment = {"SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS": "5", "SAGEMAKER_STARTUP_TIMEOUT": "6"}

    found = options(start_of(folder, environment))

    assert (found["predict_timeout"], found["model_loading_timeout"]) == ("5", "6")


def test_the_server_has_defaults_for_what_a_model_leaves_open(folder: Path) -> None:
    start = start_of(folder, {"SERVING_BATCH_SIZE": "4", "MAX_CONCURRENT_REQUESTS": "7"})

    assert start.defaults == {"features": "vllm", "batch_size": "4", "job_queue_size": "7"}


def test_a_lone_generator_is_made_asynchronous(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps({"architectures": ["Blip2ForConditionalGeneration"]}))
    (folder / "serving.properties").write_text("engine=Python\n")

    assert options(start_of(folder, {}))["async_mode"] == "true"
    (folder / "serving.properties").write_text("engine=Python\nbatch_size=2\n")
    assert "async_mode" not in options(start_of(folder, {}))


def test_what_lies_in_one_folder_of_the_store_is_the_model(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "model.py").touch()

    assert options(start_of(tmp_path, {}))["model_dir"] == str(tmp_path / "inner")


def test_two_folders_in_the_store_are_two_models_and_none_is_none(tmp_path: Path) -> None:
    assert start_of(tmp_path, {}).models == ()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.py").touch()
    assert [model.name for model in start_of(tmp_path, {}).models] == ["a", "b"]


@pytest.mark.parametrize("environment", [{"ARGS_X": "1"}, {"DJL_ENTRY_POINT": "x"}, {"SERVING_LOAD_MODELS": "NONE"}])
def test_a_variable_without_a_rule_is_refused(folder: Path, environment: dict[str, str]) -> None:
    with pytest.raises(UnknownStart, match=next(iter(environment))):
        start_of(folder, environment)


@pytest.mark.parametrize("model_id", ["s3://weights/blip2/", "djl://zoo/blip2"])
def test_weights_that_djl_would_fetch_itself_are_refused(folder: Path, model_id: str) -> None:
    with pytest.raises(UnknownStart, match="fetched"):
        start_of(folder, {"OPTION_MODEL_ID": model_id})


def test_what_depends_on_a_file_at_the_hub_is_refused(folder: Path) -> None:
    (folder / "serving.properties").write_text("engine=Python\n")

    with pytest.raises(UnknownStart, match=r"config\.json at the hub"):
        start_of(folder, {"OPTION_MODEL_ID": HUB_ID})


def test_properties_are_read_as_java_reads_them() -> None:
    text = "# comment\n! too\n\na=1\nb : 2\n c 3\nd=x=y\nempty=\n"

    assert parse_properties(text) == {"a": "1", "b": "2", "c": "3", "d": "x=y", "empty": ""}
    with pytest.raises(UnknownStart):
        parse_properties("a=1\\\n2")
