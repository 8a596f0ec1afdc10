"""HTTP in: webhooks, the sidebar and the admin pages."""
