"""`python -m app.cli`, for processes that start others of their own kind."""

from app.cli import main

main()
