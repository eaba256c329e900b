"""Data sets in memory: those of the catalogue by name, and your own by folder."""

from lenet.data.catalogue import CATALOGUE
from lenet.data.dataset import Dataset, Split
from lenet.data.load import load_dataset

__all__ = ["CATALOGUE", "Dataset", "Split", "load_dataset"]
