"""Kernels for single pictures, as the papers trained: the columns of a row lie in the lanes of the vectors."""
