"""Stateful stand-ins of the vendors, speaking their real protocols over loopback HTTP."""
