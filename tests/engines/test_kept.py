"""Compiled pipelines are kept: whole or absent, ours alone, bounded, and with the same bits as fresh ones.

pytest tests/engines/test_kept.py
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import halide as hl
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lenet.engines.halide import compiled as module
from lenet.engines.halide import kept
from lenet.engines.halide.compiled import Buffer, Design, compiled
from lenet.engines.halide.kept import Entry, Library, entries, size, trim
from lenet.engines.halide.link import find_linker
from lenet.engines.halide.runtime import load_runtime
from lenet.errors import InputError

x = hl.Var("x")

needs_linker = pytest.mark.skipif(not find_linker(), reason="there is no linker here")


def scaled(factor: int) -> Design:
    """Return a small pipeline `(numbers, addend, rate) -> result`."""
    numbers, addend, rate = hl.ImageParam(hl.Float(32), 1), hl.Param(hl.Int(32)), hl.Param(hl.Float(32))
    result = hl.Func("result")
    result[x] = numbers[x] * hl.f32(factor) * rate + addend
    return hl.Pipeline(result), [numbers, addend, rate]


def answer(factor: int) -> list[float]:
    """Return what a pipeline that is not in this process' memory gives."""
    compiled.cache_clear()
    numbers, result = np.arange(3, dtype=np.float32), np.empty(3, np.float32)
    compiled(scaled, factor)(Buffer(numbers), 1, 0.5, Buffer(result))
    return [float(number) for number in result]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an empty store."""
    monkeypatch.setenv(kept.VARIABLE, str(tmp_path / "kernels"))
    return tmp_path / "kernels"


def libraries(store: Path) -> list[Path]:
    return sorted(store.glob(f"*/{kept.LIBRARY}"), key=lambda path: path.stat().st_size)


@pytest.fixture
def shared_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the runtime of the test run's own store, which takes a second to compile."""
    folder, linker = kept.store(), find_linker()
    if folder and linker:
        runtime = load_runtime(folder, linker)
        monkeypatch.setattr(module, "load_runtime", lambda folder, linker: runtime)


@needs_linker
@pytest.mark.usefixtures("shared_runtime", "store")
class TestAPipeline:
    def test_is_designed_once_and_kept(self, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert answer(3) == [1, 2.5, 4]
        assert len(libraries(store)) == 1
        monkeypatch.setattr(hl.Pipeline, "compile_to_object", None)  # nothing is compiled any more
        assert answer(3) == [1, 2.5, 4]

    def test_has_the_settings_in_its_key(self, store: Path) -> None:
        assert (answer(3)[2], answer(5)[2]) == (4, 6)
        assert len(libraries(store)) == 2

    def test_raises_what_halide_finds_wrong(self) -> None:
        call = compiled(scaled, 3)
        numbers, result = np.zeros(2, np.float32), np.empty(3, np.float32)
        with pytest.raises(hl.HalideError, match="beyond the max"):
            call(Buffer(numbers), 1, 0.5, Buffer(result))
        with pytest.raises(hl.HalideError, match="3 arguments instead of 4"):
            call(Buffer(numbers), 1, 0.5)

    def test_works_without_a_linker(self, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "")
        assert answer(3) == [1, 2.5, 4]
        assert not store.exists()

    def test_works_where_nothing_can_be_written(self, store: Path) -> None:
        store.write_text("a file")
        assert answer(3) == [1, 2.5, 4]

    @pytest.mark.parametrize("full", ["write_atomically", "link_pipeline"])
    def test_works_on_a_full_disk(self, store: Path, monkeypatch: pytest.MonkeyPatch, full: str) -> None:
        def fail(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(kept if full == "write_atomically" else module, full, fail)
        assert answer(3) == [1, 2.5, 4]
        assert not libraries(store)

    def test_can_be_kept_for_this_process_alone(self, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(kept.VARIABLE, "off")
        assert answer(3) == [1, 2.5, 4]
        assert not store.exists()

    @pytest.mark.parametrize("others", [0o020, 0o002])
    @pytest.mark.parametrize("what", ["store", "entry", "library"])
    def test_that_others_may_have_written_is_not_loaded(self, store: Path, what: str, others: int) -> None:
        answer(3)
        (library,) = libraries(store)
        place = {"store": store, "entry": library.parent, "library": library}[what]
        place.chmod(place.stat().st_mode | others)
        library.write_bytes(b"foreign")
        assert answer(3) == [1, 2.5, 4]

    def test_of_another_user_is_not_loaded(self, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        answer(3)
        (library,) = libraries(store)
        mine, user = library.read_bytes(), os.getuid()
        monkeypatch.setattr(os, "getuid", lambda: user + 1)
        assert answer(3) == [1, 2.5, 4]
        assert library.read_bytes() == mine

    def test_behind_a_link_is_not_loaded(self, store: Path, tmp_path: Path) -> None:
        answer(3)
        (library,) = libraries(store)
        library.rename(tmp_path / "elsewhere.so")
        library.symlink_to(tmp_path / "elsewhere.so")
        assert answer(3) == [1, 2.5, 4]
        assert not library.is_symlink(), "it was made anew"

    def test_under_the_name_of_another_is_not_loaded(self, store: Path) -> None:
        answer(3)
        (three,) = libraries(store)
        answer(5)
        (five,) = set(libraries(store)) - {three}
        five.write_bytes(three.read_bytes())
        assert answer(5) == [1, 3.5, 6]


@needs_linker
@pytest.mark.usefixtures("shared_runtime")
@given(data=st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_entry_is_not_loaded(store: Path, data: st.DataObject) -> None:
    answer(3)
    (library,) = libraries(store)
    whole = library.read_bytes()
    damage = data.draw(st.sampled_from(["cut", "changed", "longer", "empty", "folder"]))
    place = data.draw(st.integers(0, len(whole) - 1))
    if damage == "cut":
        library.write_bytes(whole[:place])
    elif damage == "changed":
        changed = bytes([whole[place] ^ data.draw(st.integers(1, 255))])
        library.write_bytes(whole[:place] + changed + whole[place + 1 :])
    elif damage == "longer":
        library.write_bytes(whole + data.draw(st.binary(min_size=1, max_size=100)))
    elif damage == "empty":
        library.write_bytes(b"")
    else:
        library.unlink()
        library.mkdir()
    assert Entry(store, "another").find() is None
    assert answer(3) == [1, 2.5, 4]
    if damage == "folder":
        library.rmdir()
    else:
        kept._opened(library.read_bytes())  # raises an error unless it is whole again
        assert {path.name for path in library.parent.iterdir()} == {kept.LIBRARY}


@pytest.mark.parametrize("value", ["off", "OFF", "0", "no"])
def test_the_variable_turns_it_off(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(kept.VARIABLE, value)
    assert kept.store() is None


@pytest.mark.parametrize("value", ["kernels", ".", "on", "~nobody-here/kernels"])
def test_the_variable_needs_an_absolute_path(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(kept.VARIABLE, value)
    with pytest.raises(InputError, match="expected the absolute path of a folder, or off"):
        kept.store()


def test_what_is_no_entry_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "Pictures").mkdir()
    (tmp_path / "Pictures/holiday.png").write_bytes(bytes(1000))
    entry = Entry(tmp_path, "a")
    entry.find_or_make(lambda: Library(bytes(1000), []))
    (entry.path.parent / "note").write_text("somebody's")
    trim(tmp_path, -1)
    assert not entry.path.exists()
    assert sorted(path.name for path in tmp_path.glob("*/*")) == ["holiday.png", "note"]


def test_a_store_that_others_may_write_to_is_unusable(tmp_path: Path) -> None:
    tmp_path.chmod(0o775)
    assert not kept.is_usable(tmp_path)
    assert kept.is_usable(tmp_path / "new")


@needs_linker
@pytest.mark.usefixtures("shared_runtime", "store")
def test_closed_descriptors_mix_nothing_up() -> None:
    assert answer(3)[2] == 4

    assert (answer(5)[2], answer(3)[2], answer(5)[2]) == (6, 4, 6)
    assert not [path for path in Path("/proc/self/fd").iterdir() if "memfd" in os.path.realpath(path)]


@needs_linker
def test_no_module_is_imported_from_the_current_folder(tmp_path: Path, store: Path) -> None:
    (tmp_path / "halide.py").write_text("open('executed', 'w')")
    program = """
from lenet.engines.halide.beforehand import compile_beforehand
from lenet.engines.method import Method
from lenet.models.zoo import specify
print(compile_beforehand(specify("lenet5", input_size=8, maps=(2,), kernels=(3,), hidden=()), Method(), 0))
"""
    command = [sys.executable, "-P", "-c", program]
    asked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert asked.stdout == "True\n"
    assert not (tmp_path / "executed").exists()
    assert len(libraries(store)) == 4, "gradient, update, answers and the runtime"


def test_the_store_is_in_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(kept.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert kept.store() == tmp_path / "lenet/kernels"


def test_a_user_without_a_home_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container, a user may have neither HOME nor an entry in the list of users."""
    monkeypatch.delenv(kept.VARIABLE, raising=False)
    monkeypatch.setattr(kept, "user_cache", lambda: Path("~/.cache/lenet"))
    assert kept.store() is None


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    made = [Entry(tmp_path, name) for name in "abc"]
    for age, entry in enumerate(made):
        entry.find_or_make(lambda: Library(bytes(1000), ["int"]))
        os.utime(entry.path, (100 + age, 100 + age))
    assert made[0].find() == Library(bytes(1000), ["int"]), "to find an entry is to use it"
    assert [folder / kept.LIBRARY for folder in entries(tmp_path)] == [made[1].path, made[2].path, made[0].path]
    trim(tmp_path, 2 * size(made[0].path.parent))
    assert [entry.path.exists() for entry in made] == [True, False, True]
    trim(tmp_path, 0)
    assert not entries(tmp_path)


def test_an_entry_is_private(tmp_path: Path) -> None:
    entry = Entry(tmp_path / "kernels", "a")
    entry.find_or_make(lambda: Library(b"content", []))
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "kernels", entry.path.parent)] == [0o700, 0o700]
    assert entry.path.stat().st_mode & 0o077 == 0


COMPILE = """
import sys
sys.path.insert(0, {root!r})
from tests.engines.test_kept import answer
print(answer(int(sys.argv[1])))
"""


@needs_linker
def test_processes_that_start_at_once_and_are_killed(store: Path) -> None:
    """Each prints the right answer or is killed; what is left is whole."""
    program = COMPILE.format(root=str(Path(__file__).parents[2]))
    command = [sys.executable, "-c", program, "3"]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(16)]
    for process in processes[::4]:
        process.kill()
    said = [process.communicate()[0] for process in processes]
    for place, (process, text) in enumerate(zip(processes, said, strict=True)):
        if place % 4:
            assert (process.returncode, text) == (0, "[1.0, 2.5, 4.0]\n")
    assert len(libraries(store)) == 2, "the pipeline and the runtime"
    for library in libraries(store):
        assert {path.name for path in library.parent.iterdir()} == {kept.LIBRARY}


TRAIN = """
import hashlib
import numpy as np
import torch
from lenet.data import Split
from lenet.engines.choose import choose_engine
from lenet.engines.method import Method
from lenet.models.network import build

SMALL = {"input_size": 20, "maps": (2, 3), "table": "full"}
CASES = [
    ("lenet5", SMALL, Method(optimiser="adamw", momentum=0.9, average=0.9, batch=70)),
    ("lenet5", {**SMALL, "pooling": "mean", "activation": "gelu"}, Method(momentum=0.9, batch=20)),
    ("lenet1", {"input_size": 20}, Method(loss="squared-error", batch=1)),
    ("lenet5-1998", {}, Method(loss="map", optimiser="sdlm", damping=0.4, batch=1)),
    ("lenet1989", {"input_size": 20}, Method(loss="squared-error", optimiser="sdlm", batch=1)),
    ("lenet1989", {"input_size": 20}, Method(loss="squared-error", optimiser="sdlm", batch=33)),
]
random = np.random.default_rng(0)
split = Split(random.integers(0, 256, (140, 1, 18, 18), dtype=np.uint8), random.integers(0, 10, 140))
index, digest = np.arange(140), hashlib.sha256()
for name, options, method in CASES:
    network = build(name, **options)
    choice = choose_engine("halide", "cpu", network.spec, method)
    engine = choice.engine(network, split, method, choice.device)
    engine.begin_epoch(index, None)
    engine.learn(index, None, [1e-3] * -(-140 // method.batch))
    digest.update(torch.nn.utils.parameters_to_vector(engine.network.parameters()).detach().numpy().tobytes())
print(digest.hexdigest())
"""


def trained(**environment: str) -> str:
    """Return the digest of the networks that a process of its own trains."""
    command = [sys.executable, "-c", TRAIN]
    asked = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=True)
    return asked.stdout


@needs_linker
def test_fresh_and_kept_kernels_give_the_same_bits(store: Path) -> None:
    fresh = trained(LENET_KERNELS="off", HL_NUM_THREADS="1")
    made = trained(LENET_KERNELS=str(store), HL_NUM_THREADS="2")
    count = len(libraries(store))
    found = trained(LENET_KERNELS=str(store), HL_NUM_THREADS="1")
    assert len(libraries(store)) == count > 5
    assert fresh == made == found


@needs_linker
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the other processor is an x86-64")
def test_another_processor_has_entries_of_its_own(store: Path) -> None:
    program = COMPILE.format(root=str(Path(__file__).parents[2]))
    for target in ("host", "x86-64-linux", "host"):
        command = [sys.executable, "-c", program, "3"]
        environment = os.environ | {"HL_JIT_TARGET": target}
        asked = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert asked.stdout == "[1.0, 2.5, 4.0]\n"
    assert len(libraries(store)) == 4, "the pipeline and the runtime, twice"
