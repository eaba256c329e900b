"""A network in torch: the modules of its layers, by name and in order."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from lenet.models.initialise import initialise
from lenet.models.modules import LayerModule, make_module
from lenet.models.spec import Spec
from lenet.models.zoo import specify


@dataclass(frozen=True)
class Trace:
    """The values of one layer for a batch: its `sums`, and the `units` after its squashing function."""

    sums: Tensor
    units: Tensor


class Network(nn.Sequential):
    """A network in torch: its layers in order, as attributes with names like those of LeNet-5.

    LeNet-5 has `c1 s2 c3 s4 c5 f6 output`. For a float32 input `(N, channels, input_size, input_size)` the network
    returns the logits `(N, number of classes)`. The class with the highest logit is the prediction. `spec` describes
    everything except the weights. The weights and biases of a new network are zeros; `lenet.models.initialise` or a
    weight file replaces them.
    """

    def __init__(self, spec: Spec) -> None:
        super().__init__(OrderedDict((layer.name, make_module(layer)) for layer in spec.layers))
        self.spec = spec

    @property
    def layers(self) -> dict[str, LayerModule]:
        """The modules by layer name, in order."""
        return {name: module for name, module in self.named_children() if isinstance(module, LayerModule)}

    def trace(self, x: Tensor) -> dict[str, Trace]:
        """Return the sums and the units of every layer by name, in order, for the input `x` `(N, C, H, W)`.

        The units of the last layer are the output of the network.
        """
        traces = {}
        for name, module in self.layers.items():
            sums = module.sums(x)
            x = module.squash(sums)
            traces[name] = Trace(sums, x)
        return traces


def build(
    name: str, *, classes: int | Sequence[str] = 10, channels: int = 1, seed: int = 0, **options: object
) -> Network:
    """Return a new network: the one called `name` in `MODELS`, with `options` in place of some of its fields.

    The options are the fields of `Architecture`: input_size, maps, kernels, table, pooling, biases, activation, hidden
    and output. `classes` is the number of classes, from 2 to 4096, or their names; `channels` is the number of channels
    of a picture. The weights and biases are drawn from `seed` by the scheme fan-in. Raises `InputError` for an unknown
    name or option, and for options, classes or channels that are out of range or do not go together.
    """
    network = Network(specify(name, classes=classes, channels=channels, **options))
    initialise(network, "fan-in", seed)
    return network
