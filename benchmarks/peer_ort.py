"""LeNet-5's answers by ONNX Runtime, from uint8 pictures to logits: framing and scaling are part of its graph.

The graph is written node by node, with random weights; these do not matter to the speed. The module runs in an
interpreter that has onnx and onnxruntime; see cpu.py.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import onnxruntime as ort  # type: ignore[import-not-found, unused-ignore]
from onnx import TensorProto, helper, numpy_helper  # type: ignore[import-not-found, unused-ignore]

from benchmarks.worker import Pictures, Steps, serve

PART = 1000  # pictures answered at a time
SHAPES = {"c1": (6, 1, 5, 5), "c3": (16, 6, 5, 5), "c5": (120, 16, 5, 5), "f6": (84, 120), "output": (10, 84)}


def graph() -> bytes:
    """Return the graph in ONNX's format. Each node takes the result of the one before it, and its constants."""
    constants = {"level": np.float32(1 / 255), "frame": np.array([0, 0, 2, 2, 0, 0, 2, 2])} | _weights()
    last, nodes = "pictures", list[Any]()

    def add(kind: str, *inputs: str, **attributes: Any) -> None:
        nonlocal last
        given, last = last, f"{kind}_{len(nodes)}"
        nodes.append(helper.make_node(kind, [given, *inputs], [last], **attributes))

    add("Cast", to=TensorProto.FLOAT)
    add("Mul", "level")
    add("Pad", "frame")
    for name in ("c1", "c3", "c5"):
        add("Conv", name, f"{name}_bias")
        add("Relu")
        if name != "c5":
            add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
    add("Flatten")
    add("Gemm", "f6", "f6_bias", transB=1)
    add("Relu")
    add("Gemm", "output", "output_bias", transB=1)

    pictures = helper.make_tensor_value_info("pictures", TensorProto.UINT8, ["n", 1, 28, 28])
    scores = helper.make_tensor_value_info(last, TensorProto.FLOAT, ["n", 10])
    held = [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()]
    model = helper.make_model(
        helper.make_graph(nodes, "lenet5", [pictures], [scores], held), opset_imports=[helper.make_opsetid("", 17)]
    )
    model.ir_version = 9
    return bytes(model.SerializeToString())


def _weights() -> dict[str, Any]:
    random = np.random.default_rng(0)
    weights = {name: random.uniform(-0.1, 0.1, shape).astype(np.float32) for name, shape in SHAPES.items()}
    return weights | {f"{name}_bias": np.zeros(shape[0], np.float32) for name, shape in SHAPES.items()}


def answers(pictures: Pictures, batch: int) -> Steps:
    options = ort.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    session = ort.InferenceSession(graph(), options, providers=["CPUExecutionProvider"])

    def answer() -> int:
        images = pictures.images[:batch]
        parts = [images[start : start + PART] for start in range(0, batch, PART)]
        return sum(len(session.run(None, {"pictures": part})[0]) for part in parts)

    return lambda count: sum(answer() for _ in range(count))


if __name__ == "__main__":
    serve(f"ONNX Runtime {ort.__version__}", {"ONNX Runtime, answers": answers})
