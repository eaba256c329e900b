"""Inference: the way from pictures to predictions, and the score of a network."""
