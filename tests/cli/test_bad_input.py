"""Bad input gives one clear sentence on stderr and the exit code 2, and nothing is written.

pytest tests/cli/test_bad_input.py
"""

from __future__ import annotations

import errno
import gzip
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save

from lenet.cli.main import main
from lenet.data.idx import write_idx
from tests.cli.waiting import without_waiting

Refuse = Callable[..., str]


def listing(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


@pytest.fixture
def refuse(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Refuse:
    """Return a function that runs the command, holds it to the rule, and returns the sentence."""

    def run(*arguments: object) -> str:
        before = listing(tmp_path)
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert listing(tmp_path) == before
        assert (code, without_waiting(said.out)) == (2, [])
        assert said.err.startswith("lenet: ")
        assert said.err.count("\n") == 1
        assert "Traceback" not in said.err
        return said.err.removeprefix("lenet: ").removesuffix("\n")

    return run


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        # names, with the nearest
        ("trian", "unknown verb 'trian': did you mean train?"),
        ("--jsn", "unknown verb '--jsn': known: train, evaluate, predict, describe, models, recipes, data, cache"),
        ("train digts", "unknown recipe 'digts': did you mean digits?"),
        (
            "train x",
            "unknown recipe 'x': known: digits, mnist, mnist-fast, handwriting, fashion-mnist, fashion-mnist-fast, "
            "tutorial-gluon, tutorial-pytorch-relu, tutorial-pytorch-sigmoid, lecun1998, "
            "lecun1998-distorted, lecun1998-beyond, lecun1998-literal, lecun1989",
        ),
        ("train --epoch 3", "unknown flag '--epoch': did you mean --epochs or --keep?"),
        ("train -x", "unknown flag '-x': lenet train --help lists what there is"),
        ("train digits mnist", "unknown argument 'mnist': lenet train --help lists what there is"),
        ("train --device cdua", "unknown device 'cdua': did you mean cpu?"),
        ("train --engine trch", "unknown engine 'trch': did you mean torch?"),
        ("train --activation rely", "unknown activation 'rely': did you mean relu or relu6 or elu?"),
        ("train --pooling maxx", "unknown pooling 'maxx': did you mean max or mean?"),
        ("train --order random", "unknown order 'random': known: shuffled, constant"),
        ("evaluate . --engine trch", "unknown engine 'trch': did you mean torch?"),
        ("train --json=3", "--json takes no value"),
        ("train --flip=yes", "--flip/--no-flip takes no value"),
        ("train --maps 4,8", "--maps '4,8': expected whole numbers"),
        ("train --maps 4 1.5", "--maps '4 1.5': expected whole numbers"),
        ("train --maps 4 digts", "unknown recipe 'digts': did you mean digits?"),
        ("train --rate fast", "--rate 'fast': expected a number"),
        ("train --epochs --json", "--epochs needs a value"),
        ("train digts --help", "unknown recipe 'digts': did you mean digits?"),
        ("evaluate", "evaluate needs a MODEL: a run folder, a .safetensors file, or a network that comes with lenet"),
        (
            "train --table lenet1",
            "table 'lenet1' connects 12 maps to 4 below, but maps is 6 16: take maps 4 12, or table full",
        ),
        (
            "describe --output rbf --hidden 80",
            "output rbf compares codes of 84 units, but the layer below it has 80: take hidden 120 84, say, "
            "or output linear",
        ),
        ("train --data mnits", "unknown data set 'mnits': did you mean mnist or digits?"),
        ("describe lnet5", "unknown model 'lnet5': did you mean lenet5 or lenet4 or lenet1?"),
        ("models lenet5", "unknown argument 'lenet5': lenet models --help lists what there is"),
        ("data --all", "unknown flag '--all': lenet data --help lists what there is"),
        # numbers out of range
        ("train --epochs 0", "epochs is 0: it must be from 1 to 100000"),
        ("train --epochs -3", "epochs is -3: it must be from 1 to 100000"),
        ("train --epochs 1.5", "--epochs '1.5': expected a whole number"),
        ("train --epochs", "--epochs needs a value"),
        (f"train --epochs {'9' * 400}", "epochs is 99999999999999999999...: it must be from 1 to 100000"),
        ("train --batch 0", "batch is 0: it must be from 1 to 65536"),
        ("train --rate 0", "rate is 0: it must be from 1e-08 to 100"),
        ("train --rate -0.1", "rate is -0.1: it must be from 1e-08 to 100"),
        ("train --rate nan", "rate is nan: it must be from 1e-08 to 100"),
        ("train --rate inf", "rate is inf: it must be from 1e-08 to 100"),
        ("train --seed -1", "seed is -1: it must be from 0 to 4294967295"),
        ("train --validation 1", "validation is 1: it must be from 0 to 0.9"),
        (
            "train --keep best --validation 0",
            "patience and keep best choose by the validation error: hold some pictures out (validation 0.1, say)",
        ),
        # networks that do not fit
        (
            "train --input-size 12",
            "stage 2 (c3) is given 4x4 units, too few for its 5x5 kernels and 2x2 sub-sampling: an input size of at "
            "least 16 fits, or smaller kernels, or fewer stages",
        ),
        ("train --maps 2 3 4", "3 stages of maps but 2 of kernels: give the same number of both"),
        ("train --hidden 0", "hidden is 0: it must be from 1 to 4096"),
        (
            "train --input-size 20",
            "pictures of 28x28 do not fit the network's input of 20x20: let them be resized (fit) "
            "or the input be larger (input size 28)",
        ),
        # data that is not there
        (
            "train --data ./nowhere",
            "the folder './nowhere' does not exist: expected a folder or one of digits, mnist, fashion-mnist, "
            "handwriting",
        ),
        (
            "train mnist --data-dir .",
            ". does not hold mnist: expected train-images-idx3-ubyte[.gz], train-labels-idx1-ubyte[.gz], "
            "t10k-images-idx3-ubyte[.gz], t10k-labels-idx1-ubyte[.gz] there or in its sub-folder mnist",
        ),
        # runs and models that are none
        (
            "train --resume nowhere",
            "nowhere: not a run folder, for it has no recipe.json (lenet train makes run folders, in runs/)",
        ),
        (
            "train --resume .",
            ".: not a run folder, for it has no recipe.json (lenet train makes run folders, in runs/)",
        ),
        (
            "evaluate nowhere",
            "nowhere: there is no such file; a run folder or a .safetensors file of lenet is expected",
        ),
        (
            "evaluate .",
            ".: not a run folder, for it has no model.safetensors (lenet train makes run folders, in runs/)",
        ),
        (
            "predict",
            "predict needs at least one PICTURE: a picture file that shows one digit, or one object of another class; "
            "a folder or a pattern of such files; or - for standard input: one picture, or paths on lines",
        ),
        (
            "predict .",
            "the folder . has no pictures: expected files that end in .png, .jpg, .jpeg, .bmp, .gif, .tif, .tiff, "
            ".webp, .ppm, .pgm, .pbm",
        ),
        ("train --resume . --out mine", "--out mine: a run that is resumed goes on in its own folder, ."),
    ],
)
def test_a_sentence(refuse: Refuse, arguments: str, sentence: str) -> None:
    assert refuse(*arguments.split()) == sentence


@pytest.mark.skipif(torch.accelerator.is_available(), reason="there is an accelerator")
@pytest.mark.parametrize("device", ["cuda", "mps", "cuda:1"])
def test_a_device_that_is_not_present(refuse: Refuse, device: str) -> None:
    assert refuse("train", "--device", device) == f"device '{device}' is not in this machine: it has cpu"


def picture(path: Path, side: int = 8, level: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((side, side), level, np.uint8)).save(path)


def classes(folder: Path, *names: str) -> None:
    for name in names:
        for place in range(5):
            picture(folder / name / f"{place}.png", level=place)


def one_class(folder: Path) -> None:
    classes(folder, "only")


def unreadable(folder: Path) -> None:
    classes(folder, "a", "b")
    (folder / "b" / "9.png").write_bytes(b"\x89PNG, but no more")


def mixed_sizes(folder: Path) -> None:
    classes(folder, "a", "b")
    picture(folder / "b" / "9.png", side=9)


def an_empty_class(folder: Path) -> None:
    classes(folder, "a", "b")
    (folder / "c").mkdir()


def idx(folder: Path, labels: int = 10, highest: int = 1) -> Path:
    write_idx(folder / "train-images", np.zeros((10, 8, 8), np.uint8))
    write_idx(folder / "train-labels", (np.arange(labels) % 2 * highest).astype(np.uint8))
    return folder / "train-images"


def wrong_magic(folder: Path) -> None:
    content = idx(folder).read_bytes()
    (folder / "train-images").write_bytes(b"\x01" + content[1:])


def truncated(folder: Path) -> None:
    content = idx(folder).read_bytes()
    (folder / "train-images").write_bytes(content[:-1])


def trailing(folder: Path) -> None:
    content = idx(folder).read_bytes()
    (folder / "train-images").write_bytes(content + b"\0")


def other_count(folder: Path) -> None:
    idx(folder, labels=9)


def damaged_gzip(folder: Path) -> None:
    content = gzip.compress(idx(folder).read_bytes())
    (folder / "train-images").unlink()
    (folder / "train-images.gz").write_bytes(content[:-4])


@pytest.mark.parametrize(
    ("make", "beginning"),
    [
        (lambda folder: None, "own is empty: expected a sub-folder of pictures per class"),
        (one_class, "own has 1 class folders ['only']: at least two are needed"),
        (unreadable, "own/b/9.png is not a "),
        (mixed_sizes, "own/b/9.png is 9x9 pixels but own/a/0.png is 8x8: all pictures must be of one size"),
        (an_empty_class, "the class folder own/c is empty: expected pictures of that class"),
        (wrong_magic, "own/train-images is not an IDX file: it starts with 01 00 08 03"),
        (truncated, "own/train-images is 655 bytes long, but its header promises 656"),
        (trailing, "own/train-images is 657 bytes long, but its header promises 656"),
        (other_count, "own: 10 pictures have 9 labels: each needs exactly one"),
        (damaged_gzip, "own/train-images.gz is a damaged gzip file: it is cut short"),
    ],
)
def test_own_data_that_cannot_be_used(
    refuse: Refuse, tmp_path: Path, make: Callable[[Path], None], beginning: str
) -> None:
    (tmp_path / "own").mkdir()
    make(tmp_path / "own")
    assert refuse("train", "--data", "own").startswith(beginning)


def test_published_files_that_are_not_the_published_ones(refuse: Refuse, tmp_path: Path) -> None:
    for prefix, count in (("train", 60_000), ("t10k", 10_000)):
        write_idx(tmp_path / f"{prefix}-labels-idx1-ubyte", np.full(count, 10, np.uint8))  # labels out of range, too
        write_idx(tmp_path / f"{prefix}-images-idx3-ubyte", np.zeros((count, 28, 28), np.uint8))
    assert "train-images-idx3-ubyte is not the published file" in refuse("train", "mnist", "--data-dir", tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a readable safetensors file"),
        (b"\x80\x02}q\x00.", "not a readable safetensors file"),
        (save({"w": torch.zeros(2)}), "a safetensors file, but not one that lenet wrote"),
        (save({"w": torch.zeros(2)}, {"lenet": '{"format": 1}'}), "the field 'architecture' of Spec is missing"),
    ],
)
@pytest.mark.parametrize("verb", ["evaluate", "describe", "predict"])
def test_a_weight_file_that_is_none(refuse: Refuse, tmp_path: Path, verb: str, content: bytes, words: str) -> None:
    (tmp_path / "bad.safetensors").write_bytes(content)
    sentence = refuse(verb, "bad.safetensors", *(["picture.png"] if verb == "predict" else []))
    assert sentence.startswith("bad.safetensors: ")
    assert words in sentence


def test_numbers_for_a_trained_network(refuse: Refuse, trained: Path) -> None:
    assert refuse("describe", trained, "--input-size", "28") == (
        f"{trained} is trained, and its numbers are what they are: "
        "the flags are for lenet5, lenet5-1998, lenet4, lenet1, lenet1989"
    )


def test_a_corrupt_model(refuse: Refuse, trained: Path, tmp_path: Path) -> None:
    content = (trained / "model.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(content[:-9])
    assert refuse("evaluate", "cut.safetensors").startswith("cut.safetensors: not a readable safetensors file")


def test_data_of_other_classes(refuse: Refuse, trained: Path) -> None:
    assert (
        refuse("evaluate", trained, "digits") == "digits has the class '0', but the network knows column, diagonal, row"
    )


def test_the_data_that_it_learned_from_is_gone(refuse: Refuse, trained: Path, tmp_path: Path, pictures: Path) -> None:
    from lenet.models.weights import load, save_network

    save_network(tmp_path / "mine.safetensors", load(trained), {})
    assert refuse("evaluate", "mine.safetensors") == (
        "mine.safetensors does not say what it learned from: name the data set to evaluate it on"
    )
    save_network(tmp_path / "mine.safetensors", load(trained), {"data": "./gone"})
    assert refuse("evaluate", "mine.safetensors").startswith("the folder './gone' does not exist")


def test_pictures_that_are_none(refuse: Refuse, trained: Path, tmp_path: Path) -> None:
    assert refuse("predict", trained, "nowhere.png").startswith("nowhere.png is not a file")
    (tmp_path / "text.png").write_text("no picture")
    assert refuse("predict", trained, "text.png").startswith("text.png is not a picture in one of the formats PNG")


def test_out_is_there_already(refuse: Refuse, small: list[str], tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    expected = "exists already, and nothing is overwritten: name a new folder"
    assert refuse("train", *small, "--out", "mine") == f"mine {expected}"
    assert refuse("train", *small, "--out", "mine/letter.txt") == f"mine/letter.txt {expected}"


def test_a_rate_that_blows_up(capsys: pytest.CaptureFixture[str], small: list[str]) -> None:
    """Only training shows it, so there is a run folder by then. The sentence and the exit code are the usual ones."""
    assert main(["train", *small, "--optimiser", "sgd", "--rate", "100", "--epochs", "9", "--warmup", "0"]) == 2
    said = capsys.readouterr()
    epochs = sum(line.split()[0].isdecimal() for line in said.out.splitlines())
    assert said.err == (
        f"lenet: the network diverged in epoch {epochs + 1} (its loss or weights are no longer finite): "
        "try a rate below 100\n"
    )


class TestResume:
    """Runs that cannot go on are refused."""

    @pytest.fixture
    def run(self, trained: Path, tmp_path: Path) -> Path:
        """A run that has not written its report yet."""
        shutil.copytree(trained, tmp_path / "run")
        (tmp_path / "run" / "report.json").unlink()
        return Path("run")

    def test_finished(self, refuse: Refuse, trained: Path) -> None:
        sentence = f"{trained} is finished: its report is written, and there is nothing to resume"
        assert refuse("train", "--resume", trained) == sentence

    def test_changed(self, refuse: Refuse, run: Path) -> None:
        assert refuse("train", "--resume", run, "--rate", "0.5", "--maps", "3") == (
            "run was begun with another recipe (maps was (4,) and is now (3,), rate was 0.03 and is now 0.5): "
            "resume it without changes, or start a new run"
        )
        assert "was begun with another recipe" in refuse("train", "mnist", "--resume", run)

    def test_a_damaged_recipe(self, refuse: Refuse, run: Path) -> None:
        for text in (
            "",
            "[]",
            '{"name": "x"}',
            '{"name": "x", "recipe": {"epochs": 0}}',
            '{"name": "x", "recipe": []}',
        ):
            (run / "recipe.json").write_text(text)
            assert refuse("train", "--resume", run).startswith("run/recipe.json: ")

    def test_a_damaged_state(self, refuse: Refuse, run: Path) -> None:
        content = (run / "last.safetensors").read_bytes()
        (run / "last.safetensors").write_bytes(content[:-5])
        assert refuse("train", "--resume", run).startswith("run/last.safetensors: not a readable safetensors file")

    def test_a_foreign_state(self, refuse: Refuse, run: Path, pictures: Path) -> None:
        shutil.copy(run / "model.safetensors", run / "last.safetensors")
        assert "is no longer the data that this run began with" in refuse("train", "--resume", run)

    def test_a_state_of_another_network(self, refuse: Refuse, run: Path) -> None:
        asked = json.loads((run / "recipe.json").read_text())
        asked["recipe"]["network"]["maps"] = [3]
        (run / "recipe.json").write_text(json.dumps(asked))
        assert refuse("train", "--resume", run).startswith("run/last.safetensors: not the state of a training")

    def test_changed_pictures(self, refuse: Refuse, run: Path, pictures: Path, tmp_path: Path) -> None:
        shutil.copytree(pictures, tmp_path / "mine")
        shutil.copy(tmp_path / "mine" / "row" / "0.png", tmp_path / "mine" / "row" / "3.png")
        asked = json.loads((run / "recipe.json").read_text())
        asked["recipe"]["data"] = "mine"
        (run / "recipe.json").write_text(json.dumps(asked))
        assert (
            refuse("train", "--resume", run) == f"run: {tmp_path}/mine is no longer the data that this run began with"
        )


def test_a_full_disk(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], small: list[str], tmp_path: Path
) -> None:
    """The disk is full while saving: the command says so, and what was there before is unchanged."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "old").write_text("old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert main(["train", *small]) == 2
    assert capsys.readouterr().err.endswith("No space left on device\n")
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"old"}


def test_a_folder_that_may_not_be_written_to(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], small: list[str], tmp_path: Path
) -> None:
    def refused(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "mkdir", refused)
    assert main(["train", *small]) == 2
    assert capsys.readouterr().err == "lenet: runs: Permission denied\n"
    assert not list(tmp_path.iterdir())
