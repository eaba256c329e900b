"""The networks: ordered lists of named layers, with the paper's names."""

from lenet.models.architecture import Architecture
from lenet.models.network import MODELS, Network, build
from lenet.models.weights import load

__all__ = ["MODELS", "Architecture", "Network", "build", "load"]
