"""The report of a finished run: scores, plots and the model card, in its run folder."""
