"""The look of every plot; `lenet.report.plots` draws them."""
