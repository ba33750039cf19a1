"""What an experiment and its store look like: what is done, running, failed or still to do."""
