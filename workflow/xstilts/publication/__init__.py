"""What leaves a store: a submission to the benchmark, and models for others to use."""
