"""The jobs of the workflow, one small module for each rule and named like it."""
