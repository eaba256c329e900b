"""How one training step is computed. The torch engine, the reference, runs on any device."""

from lenet.engines.choose import choose_device, choose_engine
from lenet.engines.engine import Engine, Tally
from lenet.engines.torch import TorchEngine

__all__ = ["Engine", "Tally", "TorchEngine", "choose_device", "choose_engine"]
