"""The command `lenet`: one module for each verb, such as `train`. No other part of the package prints."""
