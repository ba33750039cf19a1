"""How a job runs: its entry, its devices, its processes, its end."""
