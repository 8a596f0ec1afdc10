"""The makegood command."""
