"""The network of 1989 for zip-code digits (LeCun et al., Neural Computation 1), without sub-sampling layers.

| layer  | paper | units   | what it is                                             | trainable | connections |
|--------|-------|---------|--------------------------------------------------------|-----------|-------------|
| c1     | H1    | 12@8x8  | 5x5 kernels, a bias for each unit: 12 * 25 + 768       | 1,068     | 19,968      |
| c2     | H2    | 12@4x4  | the same over 8 maps of c1 each: 12 * 8 * 25 + 192     | 2,592     | 38,592      |
| c3     | H3    | 30      | sees all of c2: 30 (192 + 1)                           | 5,790     | 5,790       |
| output |       | 10      | sees all of c3: 10 (30 + 1)                            | 310       | 310         |
| all    |       |         |                                                        | 9,760     | 64,660      |

The kernels of c1 and c2 move two units at a time. Beyond the edges they see two units of background at -1, which suits
pictures of 16x16 with levels from -1 (background) to 1 (ink). The layers are named as in the rest of this package: H3
is called c3 because, like C5, it is a convolution that covers the whole maps below. The paper does not say which 8 maps
of c1 each map of c2 sees; `tables` has a guess. The paper's tanh is scaled; the one here is not.
"""

from __future__ import annotations

from lenet.models.architecture import Architecture

LENET1989 = Architecture(
    input_size=16,
    maps=(12, 12),
    kernels=(5, 5),
    table="lenet1989",
    pooling="none",
    biases="unshared",
    activation="tanh",
    hidden=(30,),
    output="squashed",
)
