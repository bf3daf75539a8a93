"""Hyperparameter search that checks a textbook's training defaults on your own data."""
