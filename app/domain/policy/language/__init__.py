"""The policy as text: controlled English, read by a grammar, compiled to the model, said back."""
