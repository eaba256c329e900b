"""Training: the recipe, the loop that follows it, and the run folder with the results."""
