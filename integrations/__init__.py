"""Helpdesks and stores that Makegood speaks with."""
