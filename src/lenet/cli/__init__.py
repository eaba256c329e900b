"""The command `lenet`, with a file for each verb. Only this part of the package prints."""
