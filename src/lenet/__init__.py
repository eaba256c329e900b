"""The definitive LeNet."""
