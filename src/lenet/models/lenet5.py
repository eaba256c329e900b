"""LeNet-5 as taught today: the paper's layers (1998), with max pooling, ReLU and a linear output.

The layers (section II.B) are C1 with 6 maps of 28x28, S2 with 14x14, C3 with 16 maps of 10x10, S4 with 5x5, C5 with 120
units, F6 with 84, and the output. Every map of C3 sees every map of S2. The network has 61,706 trainable parameters, or
44,426 for a 28x28 input. The paper's network has 60,000, because of its connection table, its trainable sub-sampling
and its RBF output.
"""

from __future__ import annotations

from lenet.models.architecture import Architecture

LENET5 = Architecture(input_size=32, maps=(6, 16), kernels=(5, 5), pooling="max", activation="relu", hidden=(120, 84))
