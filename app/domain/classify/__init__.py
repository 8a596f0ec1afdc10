"""Reading what a customer wrote: cleaning, extraction, and a classifier made of rules."""
