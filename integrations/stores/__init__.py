"""Stores, one folder each."""
