"""The commands, one small module each: they turn an entry of the grid into a call of the library."""
