"""How one training step is computed: by torch, the reference, on any device, or by kernels compiled for this CPU."""

from lenet.engines.choose import ENGINES, choose_device, choose_engine
from lenet.engines.engine import Engine, Tally
from lenet.engines.infer import compute_scores
from lenet.engines.method import Method
from lenet.engines.torch import TorchEngine

__all__ = ["ENGINES", "Engine", "Method", "Tally", "TorchEngine", "choose_device", "choose_engine", "compute_scores"]
