"""A variant of LeNet-4: the numbers that the paper of 1998 gives for LeNet-4 do not add up (section III.C).

According to the paper, LeNet-4 has 4 maps, 8 sub-sampling maps (a pair for each of the 4), 16 maps, 16 sub-sampling
maps, 120 units and 10 outputs, with about 260,000 connections and 17,000 trainable parameters. But 120 units that see
16 maps of 5x5 have 48,120 parameters by themselves. The network here has one sub-sampling map instead of a pair for
each of the 4 maps, and otherwise these maps and units. Thus it has 298,386 connections and 51,090 parameters. The rest
is guessed: kernels, sub-sampling and squashing function are those of the LeNet-5 of 1998, c3 sees all of s2, and the
outputs are squashed.

| layer  | units     | what it is                                               | trainable | connections |
|--------|-----------|----------------------------------------------------------|-----------|-------------|
| c1     | 4@28x28   | 5x5 kernels: 4 (25 + 1)                                  | 104       | 81,536      |
| s2     | 4@14x14   | coefficient and bias for each map: 4 * 2                 | 8         | 3,920       |
| c3     | 16@10x10  | 5x5 kernels over all of s2: 16 (100 + 1)                 | 1,616     | 161,600     |
| s4     | 16@5x5    | as s2: 16 * 2                                            | 32        | 2,000       |
| c5     | 120@1x1   | 5x5 kernels over all of s4: 120 (400 + 1)                | 48,120    | 48,120      |
| output | 10        | sees all of c5: 10 (120 + 1)                             | 1,210     | 1,210       |
| all    |           |                                                          | 51,090    | 298,386     |
"""

from __future__ import annotations

from lenet.models.architecture import Architecture

LENET4 = Architecture(
    input_size=32,
    maps=(4, 16),
    kernels=(5, 5),
    pooling="trainable-mean",
    activation="scaled-tanh",
    hidden=(120,),
    output="squashed",
)
