"""The networks: each is an ordered list of layers, which have the names that the paper gives them."""
