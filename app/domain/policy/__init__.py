"""The merchant's policy: its model, the facts it may ask for, and the evaluator."""
