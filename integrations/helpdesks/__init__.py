"""Helpdesks, one folder each."""
