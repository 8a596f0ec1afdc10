"""Processes killed and answers lost on purpose."""
