"""How one training step is computed. The torch engine, the reference, runs on any device."""

from lenet.engines.choose import choose_device, choose_engine
from lenet.engines.torch import Tally, TorchEngine

__all__ = ["Tally", "TorchEngine", "choose_device", "choose_engine"]
