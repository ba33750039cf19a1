"""The jobs of the workflow: one module per rule, with the name of the rule."""
