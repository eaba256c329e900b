"""Training: the recipe (what to do), the loop that does it, and the run folder that it leaves."""
