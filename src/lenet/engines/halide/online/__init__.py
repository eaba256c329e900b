"""Kernels for steps on single pictures, as in the papers: the columns of a row lie in the lanes of the vectors."""
