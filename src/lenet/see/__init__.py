"""Seeing what a network learned: arrays in, pictures out."""
