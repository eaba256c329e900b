"""Training by single patterns, as in the papers: the whole step for one picture, forward, back and learned, at once."""

from lenet.engines.halide.online.engine import OnlineEngine

__all__ = ["OnlineEngine"]
