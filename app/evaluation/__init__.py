"""How good the classifier is: labelled tickets, measures and their intervals."""
