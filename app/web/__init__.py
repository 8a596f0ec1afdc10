"""The entrances over HTTP: webhooks, the sidebar, its interface, and health."""
