"""Kernels for batches of pictures: the images of a chunk lie in the lanes of the vectors."""
