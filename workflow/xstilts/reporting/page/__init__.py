"""The page of an experiment: one HTML file with its scores, figures, settings and examples of its predictions."""
