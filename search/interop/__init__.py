"""Other libraries' ways of saying what this one says."""
