"""What people ask on the command line, one small module for each command."""
