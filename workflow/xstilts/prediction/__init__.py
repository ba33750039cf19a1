"""Prediction by a model with a head or by sentence vectors, and the prediction files of XTREME."""
