"""What an encoder still knows of a task: old heads on it, and linear classifiers trained on its frozen vectors."""
