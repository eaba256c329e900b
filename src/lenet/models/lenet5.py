"""LeNet-5 as it is taught today: the layers of the 1998 paper, every map of S2 seen by every map of C3.

Layer by layer (paper, section II.B): C1 6 maps of 28x28, S2 14x14, C3 16 maps of 10x10, S4 5x5, C5 120, F6 84 and
the output. With full connections in C3 and a linear output it has 61,706 trainable parameters; 44,426 for a 28x28
input. The network of the paper itself, with 60,000, differs by its connection table, its trainable sub-sampling and
its RBF output.
"""

from __future__ import annotations

from lenet.models.architecture import Architecture

LENET5 = Architecture(input_size=32, maps=(6, 16), kernels=(5, 5), pooling="max", activation="relu", hidden=(120, 84))
