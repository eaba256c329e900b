"""LeNet-5 as published (LeCun, Bottou, Bengio and Haffner, Proc. IEEE 1998, section II.B), layer for layer.

| layer  | units     | what it is                                               | trainable | connections |
|--------|-----------|----------------------------------------------------------|-----------|-------------|
| c1     | 6@28x28   | 5x5 kernels: 6 (25 + 1)                                  | 156       | 122,304     |
| s2     | 6@14x14   | coefficient and bias for each map: 6 * 2                 | 12        | 5,880       |
| c3     | 16@10x10  | 60 kernels of 5x5 by Table I, 16 biases: 60 * 25 + 16    | 1,516     | 151,600     |
| s4     | 16@5x5    | as s2: 16 * 2                                            | 32        | 2,000       |
| c5     | 120@1x1   | 5x5 kernels over all of s4: 120 (400 + 1)                | 48,120    | 48,120      |
| f6     | 84        | sees all of c5: 84 (120 + 1)                             | 10,164    | 10,164      |
| output | 10        | minus squared distance to each class's code of 84 units  | 0         | 840         |
| all    |           |                                                          | 60,000    | 340,908     |

Every layer up to f6, sub-sampling included, ends with the squashing function 1.7159 tanh(2/3 a) (eq. 5 and 6). The
paper says in section II.A that sub-sampling takes the mean of four units, and in section II.B that it takes their sum.
We take the mean; `pooling="trainable-sum"` takes the sum.
"""

from __future__ import annotations

from lenet.models.architecture import Architecture

LENET5_1998 = Architecture(
    input_size=32,
    maps=(6, 16),
    kernels=(5, 5),
    table="lenet5-1998",
    pooling="trainable-mean",
    activation="scaled-tanh",
    hidden=(120, 84),
    output="rbf",
)
