"""The fast CPU engine: the network's layer list lowered to kernels that Halide compiles here and now."""

from lenet.engines.halide.engine import HalideEngine
from lenet.engines.halide.online import OnlineEngine
from lenet.engines.halide.scores import scores

__all__ = ["HalideEngine", "OnlineEngine", "scores"]
