"""Kernels for batches of pictures; in most of them the lanes of a vector hold the images of a chunk."""
