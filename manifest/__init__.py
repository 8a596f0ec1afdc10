"""The packages that helpdesks install."""
