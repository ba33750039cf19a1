"""xstilts: intermediate-task transfer experiments as a directed graph of training and evaluation jobs."""

__version__ = "0.1.0"
