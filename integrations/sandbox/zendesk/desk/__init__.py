"""The agent workspace: pages, its data feed, static files."""
