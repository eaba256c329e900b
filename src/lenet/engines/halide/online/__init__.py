"""Kernels for steps on single pictures, as in the papers; in most of them the lanes of a vector hold columns."""
