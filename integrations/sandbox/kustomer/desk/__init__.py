"""The agent workspace: conversations, attributes, and the cards of installed apps."""
