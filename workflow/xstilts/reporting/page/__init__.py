"""The page of an experiment: one HTML file with scores, figures, settings and sample predictions."""
