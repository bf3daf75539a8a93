"""The best recipe as a folder: the model, its preparation, and Keras code that trains it anew."""

from search.exporting.export import export

__all__ = ["export"]
