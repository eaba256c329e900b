"""A weight file gives back what was written. A damaged, foreign or made-up one is refused in one sentence.

pytest tests/models/test_weights.py
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from lenet.data.prepare import Preparation
from lenet.errors import InputError
from lenet.models.architecture import Architecture
from lenet.models.initialise import initialise
from lenet.models.network import Network, build
from lenet.models.spec import Spec
from lenet.models.weights import load, read, save_network
from lenet.tensors import KEY, read_tensors, write_tensors

ROOT = Path(__file__).parents[2]
SMALL = Architecture(input_size=8, maps=(2,), kernels=(3,), hidden=(3,))
SPEC = Spec(SMALL, ("a", "b", "c"), background="dark")


def drawn(spec: Spec) -> Network:
    network = Network(spec)
    initialise(network, "fan-in", 0)
    return network


TENSORS = drawn(SPEC).state_dict()
METADATA: dict[str, Any] = {
    "format": 1,
    "architecture": {
        "input_size": 8, "maps": [2], "kernels": [3], "table": "full", "pooling": "max", "biases": "shared",
        "activation": "relu", "hidden": [3], "output": "linear",
    },
    "classes": ["a", "b", "c"],
    "channels": 1,
    "picture_size": [8, 8],
    "background": "dark",
    "normalisation": "frame",
    "rubbish_class": "",
    "preparation": {"fit": "pad", "mean": 0.0, "std": 1.0},
    "calibration": {"temperature": 1.0, "sure": 0.0},
    "about": {},
}  # fmt: skip

HUGE = 10**400
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(HUGE) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def file_of(path: Path, metadata: object, tensors: Mapping[str, Tensor] = TENSORS) -> Path:
    text = metadata if isinstance(metadata, str) else json.dumps(metadata)
    path.write_bytes(save(dict(tensors), {KEY: text}))
    return path


def changed(place: str, value: object) -> dict[str, Any]:
    """Return the metadata with another `value` at the dotted `place`."""
    metadata: dict[str, Any] = json.loads(json.dumps(METADATA))
    *above, last = place.split(".")
    inner = metadata
    for name in above:
        inner = inner[name]
    inner[last] = value
    return metadata


def load_or_refuse(path: Path) -> None:
    """Fail unless loading gives a whole network, or an `InputError` that names the file."""
    try:
        network = load(path)
    except InputError as error:
        if str(path) not in str(error):
            raise
        return
    expected = Network(network.spec).state_dict()
    assert {name: tensor.shape for name, tensor in network.state_dict().items()} == {
        name: tensor.shape for name, tensor in expected.items()
    }
    assert all(tensor.dtype == torch.float32 for tensor in network.state_dict().values())


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "model.safetensors"
    save_network(path, drawn(SPEC), {"data": "digits"})
    return path


def test_a_whole_network_comes_back(tmp_path: Path) -> None:
    preparation = Preparation(fit="resize", mean=0.25, std=0.5)
    spec = Spec(
        SMALL, ("ä", "猫", "a b"), channels=2, picture_size=(5, 7), background="light", preparation=preparation
    )  # fmt: skip
    network = drawn(spec)
    save_network(tmp_path / "it.safetensors", network, {"data": "mine", "scores": [1, 2.5]})
    again = read(tmp_path / "it.safetensors")
    assert again.spec == load(tmp_path / "it.safetensors").spec == spec
    assert again.about == {"data": "mine", "scores": [1, 2.5]}
    tensors, expected = again.network().state_dict(), network.state_dict()
    assert list(tensors) == list(expected)
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in expected.items())


def test_the_metadata_is_flat(written: Path) -> None:
    """The fields of the spec stand beside the format and whatever the writer wants known."""
    with safe_open(written, framework="numpy") as file:
        assert json.loads(file.metadata()[KEY]) == METADATA | {"about": {"data": "digits"}}


@pytest.mark.parametrize("about", [None, 3, "digits", [1]])
def test_an_about_that_is_no_object_tells_nothing(tmp_path: Path, about: object) -> None:
    assert read(file_of(tmp_path / "made-up.safetensors", changed("about", about))).about == {}


def test_a_loaded_network_can_go_on_learning(written: Path) -> None:
    network = load(written)
    network(torch.rand(2, 1, 8, 8)).sum().backward()
    assert all(parameter.requires_grad and parameter.device.type == "cpu" for parameter in network.parameters())
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_the_same_network_gives_the_same_bytes(written: Path, tmp_path: Path) -> None:
    save_network(tmp_path / "again.safetensors", load(written), {"data": "digits"})
    assert (tmp_path / "again.safetensors").read_bytes() == written.read_bytes()


def test_the_file_is_what_others_read_too(written: Path) -> None:
    with safe_open(written, framework="numpy") as file:
        assert sorted(file.keys()) == sorted(TENSORS)
        assert json.loads(file.metadata()[KEY])["architecture"]["maps"] == [2]


def test_a_run_folder_stands_for_its_file(written: Path) -> None:
    assert load(written.parent).spec.classes == ("a", "b", "c")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_flipped_bits(written: Path, tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(written.read_bytes())
    header = len(content) - sum(4 * tensor.numel() for tensor in TENSORS.values())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, header - 1) | st.integers(0, len(content) - 1))
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    (tmp_path / "flipped.safetensors").write_bytes(content)
    load_or_refuse(tmp_path / "flipped.safetensors")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_cut_or_lengthened_file_is_refused(written: Path, tmp_path: Path, data: st.DataObject) -> None:
    content = written.read_bytes()
    end = data.draw(st.integers(0, len(content) - 1))
    wrong = data.draw(st.sampled_from((content[:end], content + content[:1] + content[:end])))
    (tmp_path / "wrong.safetensors").write_bytes(wrong)
    with pytest.raises(InputError, match="not a readable safetensors file"):
        load(tmp_path / "wrong.safetensors")


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300))
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bytes.safetensors").write_bytes(content)
    with pytest.raises(InputError, match=r"not a readable safetensors file|not one that lenet wrote"):
        load(tmp_path / "bytes.safetensors")


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.sampled_from(
        [*METADATA, *(f"{of}.{name}" for of in ("architecture", "preparation") for name in METADATA[of])]
    ),
    value=JSON,
)
def test_any_value_anywhere_in_the_metadata(tmp_path: Path, place: str, value: object) -> None:
    load_or_refuse(file_of(tmp_path / "made-up.safetensors", changed(place, value)))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(metadata=JSON)
def test_any_metadata_at_all(tmp_path: Path, metadata: object) -> None:
    with pytest.raises(InputError):
        load(file_of(tmp_path / "made-up.safetensors", metadata))


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        ("architecture", None, "expected an object with the fields of Architecture, found None"),
        ("architecture", [1], "expected an object with the fields of Architecture, found [1]"),
        ("architecture.input_size", HUGE, "input size is 10000000000000000000...: it must be from 1 to 1024"),
        ("architecture.input_size", True, "input_size is True: expected a whole number"),
        ("architecture.maps", [[2]], "maps is ([2],): expected a list in which each item is a whole number"),
        ("architecture.hidden", [4096] * 1000, "number of hidden layers is 1000: it must be from 0 to 16"),
        ("architecture.hidden", [4], "'c3.weight' has the shape (3, 2, 3, 3), but (4, 2, 3, 3) is expected"),
        ("architecture.maps", [2, 2], "2 stages of maps but 1 of kernels: give the same number of both"),
        ("architecture.depth", 3, "unknown field 'depth'"),
        ("architecture.table", "lenet1", "table 'lenet1' connects 12 maps to 4 below, but maps is 2"),
        ("architecture.output", "rbf", "output rbf compares codes of 84 units, but the layer below it has 3"),
        ("architecture.biases", "unshared", "'c1.bias' has the shape (2,), but (2, 6, 6) is expected"),
        ("architecture.pooling", "trainable-sum", "'s2.weight' has the shape None, but (2,) is expected"),
        ("classes", None, "classes is None: expected a list in which each item is a text"),
        ("classes", ["a"], "number of classes is 1: it must be from 2 to 4096"),
        ("classes", ["a", 1], "classes is ('a', 1): expected a list in which each item is a text"),
        ("classes", ["a", "b"], "'output.weight' has the shape (3, 3), but (2, 3) is expected"),
        ("channels", 0, "channels is 0: it must be from 1 to 4096"),
        ("channels", -1, "channels is -1: it must be from 1 to 4096"),
        ("channels", HUGE, "channels is 10000000000000000000...: it must be from 1 to 4096"),
        ("channels", float("inf"), "channels is inf: expected a whole number"),
        ("picture_size", [28], "number of sides of a picture is 1: it must be from 2 to 2"),
        ("picture_size", [10**9, 10**9], "picture size is 1000000000: it must be from 1 to 4096"),
        ("picture_size", [8, 0], "picture size is 0: it must be from 1 to 4096"),
        ("background", "grey", "unknown background 'grey'"),
        ("format", 2, "its format is 2, and this version of lenet reads 1"),
        ("preparation.std", 0, "std is 0: it must be from 0.001 to 1000"),
        ("preparation.std", float("nan"), "std is nan: it must be from 0.001 to 1000"),
        ("preparation.fit", ["pad"], "unknown fit '('pad',)': did you mean pad?"),
    ],
)
def test_what_is_said_of_wrong_metadata(tmp_path: Path, place: str, value: object, sentence: str) -> None:
    path = file_of(tmp_path / "made-up.safetensors", changed(place, value))
    with pytest.raises(InputError) as refusal:
        load(path)
    assert sentence in str(refusal.value)
    assert str(path) in str(refusal.value)


def test_a_file_from_before_the_papers_networks(tmp_path: Path) -> None:
    architecture = {
        name: value for name, value in METADATA["architecture"].items() if name not in ("table", "biases", "output")
    }
    path = file_of(tmp_path / "old.safetensors", changed("architecture", architecture))
    assert load(path).spec == SPEC


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("format", "its format is None, and this version of lenet reads 1"),
        ("architecture", "the field 'architecture' of Spec is missing"),
        ("classes", "the field 'classes' of Spec is missing"),
    ],
)
def test_a_key_that_is_missing(tmp_path: Path, name: str, sentence: str) -> None:
    metadata = {key: value for key, value in METADATA.items() if key != name}
    with pytest.raises(InputError, match=rf"made-up\.safetensors: {sentence}$"):
        load(file_of(tmp_path / "made-up.safetensors", metadata))


@pytest.mark.parametrize("name", ["channels", "picture_size", "background", "preparation", "about"])
def test_a_key_that_may_be_missing(tmp_path: Path, name: str) -> None:
    """The key gets the default of the `Spec`."""
    metadata = {key: value for key, value in METADATA.items() if key != name}
    found = read(file_of(tmp_path / "made-up.safetensors", metadata))
    usual = {"background": "either"} if name == "background" else {}
    assert found.spec == replace(SPEC, **usual)  # type: ignore[arg-type]
    assert found.about == {}


@pytest.mark.parametrize("text", ["", "{", "[]", '"lenet"', "1" * 5000, "[" * 100_000])
def test_metadata_that_is_no_object(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"not a readable safetensors file|is not a JSON object"):
        load(file_of(tmp_path / "made-up.safetensors", text))


GIANTS: list[tuple[dict[str, Any], str]] = [
    ({"hidden": [4096] * 6}, "'c3.weight' has the shape (3, 2, 3, 3), but (4096, 2, 3, 3) is expected"),
    ({"hidden": [4096] * 16}, "number of weights is 251809815: "),
    ({"input_size": 1024, "maps": [4096], "kernels": [4], "hidden": [4096]}, "number of weights is 4363753967619: "),
]
LOAD = """
import json, sys
from benchmarks.fresh import peak_memory
from lenet.errors import InputError
from lenet.models.weights import load

before = peak_memory()
for path in sys.argv[1:]:
    try:
        load(path)
    except InputError as error:
        print(json.dumps([str(error), peak_memory() - before]))
"""


def test_small_files_that_promise_giants_take_no_memory(tmp_path: Path) -> None:
    """They are loaded in another process, because the most memory that a process ever took never falls again."""
    paths = [
        file_of(tmp_path / f"{place}.safetensors", changed("architecture", METADATA["architecture"] | numbers))
        for place, (numbers, _) in enumerate(GIANTS)
    ]
    asked = subprocess.run([sys.executable, "-c", LOAD, *paths], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in asked.stdout.splitlines()]
    for path, (_, words), (error, grown) in zip(paths, GIANTS, lines, strict=True):
        assert error.startswith(f"{path}: {words}")
        assert grown < 64 * 2**20  # the weights of the giants take 300 MB and more


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64, torch.bool, torch.complex64])
def test_weights_that_are_no_floating_point_numbers(tmp_path: Path, dtype: torch.dtype) -> None:
    tensors = {name: tensor.to(dtype) for name, tensor in TENSORS.items()}
    held = str(dtype).removeprefix("torch.")
    with pytest.raises(InputError, match=f"'c1.*' holds {held}, but weights are floating-point numbers"):
        load(file_of(tmp_path / "whole.safetensors", METADATA, tensors))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_another_precision_are_read(tmp_path: Path, dtype: torch.dtype) -> None:
    tensors = {name: tensor.to(dtype) for name, tensor in TENSORS.items()}
    network = load(file_of(tmp_path / "other.safetensors", METADATA, tensors))
    assert all(torch.equal(network.state_dict()[name], tensor.float()) for name, tensor in tensors.items())


def test_a_tensor_too_few_and_one_too_many(tmp_path: Path) -> None:
    fewer = {name: tensor for name, tensor in TENSORS.items() if name != "c3.bias"}
    with pytest.raises(InputError, match=r"'c3\.bias' has the shape None, but \(3,\) is expected$"):
        load(file_of(tmp_path / "fewer.safetensors", METADATA, fewer))
    with pytest.raises(InputError, match=r"'extra' has the shape \(2,\), but None is expected$"):
        load(file_of(tmp_path / "more.safetensors", METADATA, TENSORS | {"extra": torch.zeros(2)}))


def test_a_foreign_file(tmp_path: Path) -> None:
    (tmp_path / "foreign.safetensors").write_bytes(save(dict(TENSORS), {"format": "pt"}))
    with pytest.raises(InputError, match="a safetensors file, but not one that lenet wrote"):
        load(tmp_path / "foreign.safetensors")
    (tmp_path / "bare.safetensors").write_bytes(save(dict(TENSORS)))
    with pytest.raises(InputError, match="a safetensors file, but not one that lenet wrote"):
        load(tmp_path / "bare.safetensors")


class Mine:
    """An object that leaves a mark when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return open, (str(self.mark), "w")

    def __init__(self, mark: Path) -> None:
        self.mark = mark


def test_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    for name, content in (("weights", build("lenet5").state_dict()), ("mine", Mine(tmp_path / "mark"))):
        torch.save(content, tmp_path / f"{name}.pt")
        with pytest.raises(InputError, match="not a readable safetensors file"):
            load(tmp_path / f"{name}.pt")
    assert not (tmp_path / "mark").exists()


def test_no_such_file_and_no_run_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        load(tmp_path / "nothing.safetensors")
    with pytest.raises(InputError, match=r"not a run folder, for it has no model\.safetensors"):
        load(tmp_path)


def test_tensors_and_metadata_come_back(tmp_path: Path) -> None:
    tensors = {
        "not contiguous": torch.arange(6.0).reshape(2, 3).t(),
        "whole": torch.tensor([1, 2**40]),
        "double": torch.tensor([0.1], dtype=torch.float64),
        "nothing": torch.zeros(0, 3),
        "scalar": torch.tensor(7.0),
        "odd": torch.tensor([float("nan"), float("inf"), -0.0]),
    }
    write_tensors(tmp_path / "state", tensors, {"step": 3, "name": "é"})
    read, metadata = read_tensors(tmp_path / "state")
    assert metadata == {"step": 3, "name": "é"}
    assert read.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert (read[name].dtype, read[name].shape) == (tensor.numpy().dtype, tensor.shape)
        assert read[name].tobytes() == tensor.contiguous().numpy().tobytes()
