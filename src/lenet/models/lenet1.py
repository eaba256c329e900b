"""LeNet-1 (1998, section III.C; its layers: LeCun et al., NIPS 1989): digits of 16x16 in the middle of 28x28 pixels.

| layer  | units     | what it is                                               | trainable | connections |
|--------|-----------|----------------------------------------------------------|-----------|-------------|
| c1     | 4@24x24   | 5x5 kernels: 4 (25 + 1)                                  | 104       | 59,904      |
| s2     | 4@12x12   | coefficient and bias for each map: 4 * 2                 | 8         | 2,880       |
| c3     | 12@8x8    | 20 kernels of 5x5, 12 biases: 20 * 25 + 12               | 512       | 32,768      |
| s4     | 12@4x4    | as s2: 12 * 2                                            | 24        | 960         |
| output | 10        | sees all of s4: 10 (192 + 1)                             | 1,930     | 1,930       |
| all    |           |                                                          | 2,578     | 98,442      |

The totals are those usually quoted; the paper of 1998 rounds them to 2,600 and 100,000. The exact totals imply that c3
has 20 kernels. The other details of the layers, and the connection table of c3, are from memory and unverified.
"""

from __future__ import annotations

from lenet.models.architecture import Architecture

LENET1 = Architecture(
    input_size=28,
    maps=(4, 12),
    kernels=(5, 5),
    table="lenet1",
    pooling="trainable-mean",
    activation="scaled-tanh",
    hidden=(),
    output="squashed",
)
