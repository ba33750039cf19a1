"""The commands for users: one module per command, with the name of the command."""
