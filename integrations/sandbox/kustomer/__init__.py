"""A strict, stateful stand-in of one Kustomer org with an agent workspace."""

from integrations.sandbox.kustomer.app import KustomerSandbox

__all__ = ["KustomerSandbox"]
