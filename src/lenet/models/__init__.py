"""The networks: each is an ordered list of layers, with names like those of LeNet-5 (c1 s2 c3 s4 c5 f6 output)."""
