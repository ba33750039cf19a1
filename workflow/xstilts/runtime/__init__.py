"""Infrastructure of a running job: its entry, devices, processes and termination."""
