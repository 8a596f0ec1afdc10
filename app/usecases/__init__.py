"""What Makegood does, step by step, over the ports."""
