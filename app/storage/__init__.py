"""The database, which is the truth about every delivery, case and refund."""
