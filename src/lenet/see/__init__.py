"""The look that all plots share; `lenet.report.plots` draws the plots of a report."""
