"""The networks: ordered lists of named layers, with the paper's names."""
