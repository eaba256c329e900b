"""The peak of the processor: multiply-adds in registers, one after the other, that wait for nothing.

There are as many sums as in a tile of our kernels. Each is a vector, and independent of the others: `sum = sum * factor
+ factor`. No memory is touched between the first multiply-add and the last. There are several times as many tasks as
cores, so that a core that is held up does not keep the others waiting.
"""

from __future__ import annotations

import halide as hl
import numpy as np
import torch

from benchmarks.worker import Pictures, Steps
from lenet.engines.halide.processor import LANES, SUMS, TARGET

TASKS, TIMES = 8 * torch.get_num_threads(), 40_000


def peak(_: Pictures, __: int) -> Steps:
    """Return steps that count floating-point operations, two for each lane of a multiply-add."""
    lane, register, task = hl.Var("lane"), hl.Var("register"), hl.Var("task")
    factor = hl.Param(hl.Float(32), "factor")
    r = hl.RDom([(0, TIMES)], "times")
    sums, result = hl.Func("sums"), hl.Func("result")
    sums[lane, register, task] = hl.f32(lane + register)
    sums[lane, register, task] = hl.select(r.x < TIMES, sums[lane, register, task] * factor + factor, 0)
    result[lane, register, task] = sums[lane, register, task]

    result.bound(lane, 0, LANES).bound(register, 0, SUMS).vectorize(lane).unroll(register).parallel(task)
    sums.compute_at(result, task).vectorize(lane).unroll(register)
    sums.update().reorder(lane, register, r.x).vectorize(lane).unroll(register)
    call = hl.Pipeline(result).compile_to_callable([factor], TARGET)
    numbers = np.zeros((TASKS, SUMS, LANES), np.float32)

    def steps(count: int) -> int:
        for _ in range(count):
            call(0.999, hl.Buffer(numbers))
        return count * 2 * TIMES * numbers.size

    return steps
