"""The test gateway behind the shop's card method. It pays what it is told to, even twice."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from decimal import Decimal


class GatewayDeclined(Exception):
    """The gateway refused. Magento hides the reason from the caller."""


@dataclass(frozen=True, slots=True)
class Payout:
    """Money that left: what the bank statement would show."""

    order_id: int
    invoice_id: int
    amount: Decimal
    currency: str
    txn_id: str


class Gateway:
    """`behaviour` is `pay` or `decline`; `seconds` is how long an answer takes.

    `payouts` is the truth about money, whatever the shop's documents say.
    """

    def __init__(self) -> None:
        self.behaviour = "pay"
        self.seconds = 0.0
        self.asked = 0
        self.payouts: list[Payout] = []
        self._lock = threading.Lock()
        self._number = 0

    def new_id(self, kind: str) -> str:
        """A transaction id such as `cap-6b0228b872fa2`."""
        with self._lock:
            self._number += 1
            return f"{kind}-{0x6B02200000000 + self._number * 7919:013x}"

    def refund(self, order_id: int, invoice_id: int, amount: Decimal, currency: str) -> str:
        """Pay `amount` (base currency) back and return the transaction id.

        Raises GatewayDeclined. Money moves after the waiting, so a caller who gave up meanwhile
        is still paid.
        """
        with self._lock:
            self.asked += 1
            behaviour, seconds = self.behaviour, self.seconds
        if seconds:
            time.sleep(seconds)
        if behaviour == "decline":
            raise GatewayDeclined("declined by the test gateway")
        txn_id = self.new_id("ref")
        with self._lock:
            self.payouts.append(Payout(order_id, invoice_id, amount, currency, txn_id))
        return txn_id
