"""What the product keeps, as use cases see it: each method is one durable step.

A method either happened completely or not at all, whatever dies in between; the audit event of an
act is written in the same transaction as the act. `app.storage` implements all of these.
"""

from __future__ import annotations

from app.records.accounts import Accounts
from app.records.approvals import Approvals, Delegations
from app.records.audit import AuditEvent, AuditTrail
from app.records.cases import AskedOn, Basis, CaseBook, OfferedPlan, Triaged, TriageResult
from app.records.ids import SYSTEM, new_id
from app.records.inbox import Delivery, DeliveryState, Inbox
from app.records.learning import Classifiers, Learning, StoredClassifier
from app.records.outbox import Outbox, PendingWrite, WriteState
from app.records.policies import Policies
from app.records.refunds import Bonuses, HistoryAsked, RefundLedger

__all__ = [
    "SYSTEM",
    "Accounts",
    "Approvals",
    "AskedOn",
    "AuditEvent",
    "AuditTrail",
    "Basis",
    "Bonuses",
    "CaseBook",
    "Classifiers",
    "Delegations",
    "Delivery",
    "DeliveryState",
    "HistoryAsked",
    "Inbox",
    "Learning",
    "OfferedPlan",
    "Outbox",
    "PendingWrite",
    "Policies",
    "RefundLedger",
    "StoredClassifier",
    "TriageResult",
    "Triaged",
    "WriteState",
    "new_id",
]
