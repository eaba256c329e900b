"""The networks that come with lenet are whole, small, and as good as their cards say.

pytest tests/test_shipped.py
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lenet import load, load_dataset, predict
from lenet.data import Split
from lenet.data.strokes import DIGITS, drawn
from lenet.inference.evaluate import evaluate
from lenet.models.weights import SHIPPED, read, shipped

NAMES = ["fashion-mnist", "handwriting", "lenet5-1998", "mnist"]
ROOT = Path(__file__).parent.parent
SCORES = json.loads((ROOT / "docs/results/weights.json").read_text())


def test_they_are_all_there_and_small() -> None:
    assert shipped() == NAMES == sorted(SCORES)
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 1_000_000


@pytest.mark.parametrize("name", NAMES)
def test_each_is_found_by_its_name_and_has_a_card(name: str) -> None:
    spec = read(name).spec
    assert spec == load(name).spec
    assert spec.parameter_count <= 61_706 + 85  # an eleventh class has 84 weights and a bias
    assert (spec.calibration.temperature, spec.calibration.sure) != (1.0, 0.0)
    assert spec.normalisation == ("frame" if name == "fashion-mnist" else "digit")
    card = (ROOT / f"docs/models/{name}.md").read_text(encoding="utf-8")
    assert f"{SCORES[name]['misses']} misses of {SCORES[name]['count']:,}" in card


@pytest.mark.skipif(not os.environ.get("LENET_DATA"), reason="LENET_DATA names no folder with the real data sets")
@pytest.mark.parametrize("name", NAMES)
def test_the_published_misses_are_what_it_gives(name: str) -> None:
    """Another processor may decide a picture otherwise whose two best classes are equal up to rounding."""
    test = load_dataset("fashion-mnist" if name == "fashion-mnist" else "mnist").test
    result = evaluate(name, Split(test.pictures, test.labels))
    published = sum(SCORES[name]["misses_by_class"][:10])
    assert abs(result.misses - published) <= 1
    assert result.calibration_error <= 0.01 or name == "fashion-mnist"


def test_a_folder_of_the_same_name_is_meant_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mnist").mkdir()
    assert read("mnist").about["data"] == "mnist"
    with pytest.raises(ValueError, match=r"^mnist: not a run folder"):
        read("./mnist")


@pytest.mark.parametrize("digit", list(DIGITS))
def test_digits_of_other_countries_are_read(digit: int) -> None:
    random = np.random.default_rng(5)
    pictures = [drawn(sign, random) for sign in DIGITS[digit] for _ in range(5)]
    labels = [one.label for one in predict("handwriting", pictures)]
    assert labels.count(str(digit)) >= 0.9 * len(labels)


def test_blank_paper_is_no_digit() -> None:
    (blank,) = predict("handwriting", [Image.new("RGB", (300, 200), "#f5f5f0")])
    assert blank.label is None
    assert blank.sure
