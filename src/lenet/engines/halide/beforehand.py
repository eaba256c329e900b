"""Compile in processes of their own what this one will need soon.

`python -m lenet.engines.halide.beforehand` reads from stdin, as JSON, what to compile, and keeps it.
"""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from functools import cache
from typing import Any

from lenet.engines.halide import runtime
from lenet.engines.halide.batch.answers import answers_pipeline
from lenet.engines.halide.batch.designs import designs as batch_designs
from lenet.engines.halide.compiled import Settled, compiled, is_kept, keeps
from lenet.engines.halide.form import Form
from lenet.engines.halide.online.designs import designs as online_designs
from lenet.engines.halide.online.designs import reason_against
from lenet.engines.halide.runtime import is_runtime_kept
from lenet.engines.method import Method
from lenet.models.spec import Spec
from lenet.records import from_dict


def compile_beforehand(spec: Spec, method: Method, distortion: int) -> bool:
    """Start to compile what a training of a network of `spec` by `method` needs; return False if nothing is missing.

    `distortion` is the count of numbers that distort one picture. The kernels that answer are compiled too, last.
    Whoever needs a pipeline while it is compiled waits for it. Nothing depends on this start: a pipeline that it does
    not make is made when it is needed.
    """
    if not keeps():
        return False
    designs = _designs(spec, method, distortion)
    *others, answers = (place for place, design in enumerate(designs))
    missing = [place for place in others if not is_kept(*designs[place])]
    if missing:
        asked = {"spec": asdict(spec), "method": asdict(method), "distortion": distortion}
        _start(__name__, **asked, places=missing[:1])  # the first takes as long as all the others
        _start(__name__, **asked, places=[*missing[1:], answers])
    return bool(missing)


@cache
def compile_runtime_beforehand() -> None:
    """Start to compile what all pipelines share, unless it is kept; only the first call does anything.

    That takes longer than the pipeline that answers, and Halide compiles only one thing at a time in a process.
    """
    if keeps() and not is_runtime_kept():
        _start(runtime.__name__)


def _designs(spec: Spec, method: Method, distortion: int) -> list[Settled]:
    form, designs = Form.of(spec), batch_designs if reason_against(method) else online_designs
    return [*designs(form, method, distortion), (answers_pipeline, form)]


def _start(module: str, **asked: Any) -> None:
    """Start to run `module`, which can read from stdin what is `asked` for."""
    # -P: no module is imported from the folder in which the user happens to be
    command, output = [sys.executable, "-P", "-m", module], subprocess.DEVNULL
    with tempfile.TemporaryFile("w+") as file:
        json.dump(asked, file)
        file.seek(0)
        process = subprocess.Popen(command, stdin=file, stdout=output, stderr=output)
    atexit.register(process.wait)  # no process stays behind


def main() -> None:
    """Compile what stdin asks for."""
    asked = json.load(sys.stdin)
    spec = from_dict(Spec, asked["spec"], source="stdin")
    designs = _designs(spec, from_dict(Method, asked["method"], source="stdin"), asked["distortion"])
    for place in asked["places"]:
        compiled(*designs[place])


if __name__ == "__main__":
    main()
