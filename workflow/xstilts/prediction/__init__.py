"""Predictions: of a model with a head, by sentence vectors, and as files of the benchmark."""
