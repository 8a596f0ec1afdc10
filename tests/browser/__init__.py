"""The sidebar in the desk, pressed by a real browser."""
