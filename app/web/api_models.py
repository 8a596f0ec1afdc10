"""Bodies of the interface. Unknown fields are refused; money is text with its currency."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from app.domain.classification import Kind, Reason
from app.domain.crm import RefundStatus
from app.domain.money import Money
from app.domain.plan import Destination

Id = Annotated[str, Field(min_length=1, max_length=200)]


class Body(BaseModel):
    """Base of all bodies."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MoneyBody(Body):
    """An exact amount, e.g. `{"amount": "48.60", "currency": "EUR"}`."""

    amount: Annotated[str, Field(pattern=r"^-?\d{1,15}(\.\d{1,4})?$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]

    @classmethod
    def of(cls, money: Money) -> MoneyBody:
        """From a domain value."""
        return cls(amount=f"{money.amount:f}", currency=money.currency)

    def to_money(self) -> Money:
        """The domain value; raises pydantic.ValidationError where the decimals don't fit."""
        return Money.of(self.amount, self.currency)


# --- what comes in ------------------------------------------------------------------------------


class NoBody(Body):
    """Nothing is needed; an empty object or no body at all."""


class LineBody(Body):
    """Units of one line, and the share of their price (text, up to 100)."""

    line_id: Id
    quantity: Annotated[int, Field(ge=1, le=100_000, strict=True)]
    percent: Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,4})?$")] = "100"


class OverrideBody(Body):
    """The rule of the policy that is set aside (its id), and the person's reason."""

    clause_id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=100)]
    reason: Annotated[str, Field(min_length=5, max_length=500)]
    waives_fees: Annotated[bool, Field(strict=True)] = False


class ChoiceBody(Body):
    """What to refund: units of lines, the shipping that is left, or another total.

    `duties` gives back the import duties of the chosen units. Without a `destination` it goes
    where the policy sends it. `override` refunds against it.
    """

    lines: Annotated[list[LineBody], Field(max_length=500)] = []
    shipping: Annotated[bool, Field(strict=True)] = False
    duties: Annotated[bool, Field(strict=True)] = False
    amount: MoneyBody | None = None
    destination: Destination | None = None
    override: OverrideBody | None = None


class KindBody(Body):
    """Which kind of wish a case is."""

    kind: Kind


class ReturnedLineBody(Body):
    """How many units of a line are back, of those that can still be refunded; 0 takes it back."""

    line_id: Id
    quantity: Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


class ReturnedBody(Body):
    """What has come back, line by line; lines that aren't named stay as they are."""

    lines: Annotated[list[ReturnedLineBody], Field(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def _each_line_once(self) -> ReturnedBody:
        ids = [line.line_id for line in self.lines]
        if len(ids) != len(set(ids)):
            raise ValueError("each line can be named once")
        return self


class OrderChoiceBody(Body):
    """The order that an agent chose by hand."""

    store_id: Id
    order_id: Id


class RefundBody(Body):
    """Release a plan: the token that came with it, never an id."""

    plan: Annotated[str, Field(min_length=1, max_length=2000)]
    notify_customer: Annotated[bool, Field(strict=True)] = False


class TicketFieldsBody(Body):
    """Values for the ticket's fields; null leaves a field alone."""

    status: RefundStatus | None = None
    amount: MoneyBody | None = None
    order: Annotated[str, Field(max_length=100)] | None = None
    reason: Reason | None = None


class CustomerFieldsBody(Body):
    """Values for the customer's fields; null leaves a field alone."""

    refund_count: Annotated[int, Field(ge=0, le=1_000_000, strict=True)] | None = None
    refunded_total: MoneyBody | None = None
    last_refund_on: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None


class FieldsBody(Body):
    """All fields that are saved by one click."""

    ticket: TicketFieldsBody = TicketFieldsBody()
    customer: CustomerFieldsBody = CustomerFieldsBody()


# --- what goes out ------------------------------------------------------------------------------


class Accepted(Body):
    """A delivery is durably kept, or needn't be."""

    accepted: Literal[True]


class CheckBody(Body):
    """One thing that was looked at."""

    name: str
    status: Literal["ok", "warning", "failed"]
    detail: str
    mend: str | None


class HealthBody(Body):
    """`failed` when one check failed."""

    status: Literal["ok", "failed"]
    checks: list[CheckBody]


class PersonBody(Body):
    """The signed-in person. `tier` is null for people who may only look."""

    id: str
    name: str
    role: str
    tier: str | None


class OrderBody(Body):
    """An order as a search lists it."""

    store_id: str
    store: str
    order_id: str
    name: str
    created_at: AwareDatetime
    created_text: str
    total: MoneyBody
    total_text: str
    refunded: MoneyBody
    payment_status: str
    is_cancelled: bool


class OrdersBody(Body):
    """What a search found; the search itself is recorded."""

    orders: list[OrderBody]


class PlanLineBody(Body):
    """One line of a plan. `amount` is without the tax that comes on top."""

    line_id: str
    name: str
    quantity: int
    amount: MoneyBody
    tax: MoneyBody


class FeeBody(Body):
    """Something that is kept back; `amount` is above zero."""

    kind: str
    label: str
    amount: MoneyBody


class RowBody(Body):
    """A row of words as the sidebar prints it."""

    label: str
    value: str
    kind: str


class PlanBody(Body):
    """A priced choice. `plan` is the token that releases it; null for a mere what-if.

    `may_ask`: this person may not release it, but ask for it; `ask` is the token for that, and
    `reason` what the request begins with.

    `rows` are the make-up in words, `goes_to` the payments or the store credit. `given_text` is
    what the customer gets in all: the total, with the bonus where it becomes store credit.
    """

    plan: str | None
    order_name: str
    verdict: Literal["eligible", "override"]
    verdict_text: str
    lines: list[PlanLineBody]
    items: MoneyBody
    discount: MoneyBody
    tax: MoneyBody
    shipping: MoneyBody
    duties: MoneyBody
    fees: list[FeeBody]
    adjustment: MoneyBody
    total: MoneyBody
    total_text: str
    destination: str
    bonus: MoneyBody | None
    credit_total: MoneyBody | None
    given_text: str
    rows: list[RowBody]
    goes_to: list[RowBody]
    stores_figure: MoneyBody | None
    agrees: bool
    needed_tier: str
    needed_tier_text: str
    may_release: bool
    why_not: str | None
    button: str
    may_ask: bool
    ask: str | None
    ask_button: str | None
    reason: str | None
    is_manual: bool
    warnings: list[str]


class RefundState(Body):
    """Where a refund stands. `money_moved` is the only thing to believe about the money."""

    id: str
    state: str
    is_final: bool
    money_moved: Literal["no", "maybe", "yes"]
    amount: MoneyBody
    order_name: str
    marker: str
    title: str
    detail: str
    next: str
    may_cancel: bool
    hold_ms: int
    requested_by: str
    is_new: bool = False


class WriteBody(Body):
    """A ticket write and how far it is."""

    id: str
    purpose: str
    state: str
    cause: str | None


class HistoryBody(Body):
    """One entry of the timeline."""

    at: AwareDatetime
    actor: str
    action: str


class ReturnBody(Body):
    """One item that has to come back before its money goes, or that is said to be back.

    `units` can still be refunded, and `back` of them are known to be here; `told` says who knows.
    """

    line_id: str
    name: str
    units: int
    back: int
    told: str


class TicketBody(Body):
    """A ticket as Makegood sees it. `mirror` is what the open form in the helpdesk should show.

    `blocked_because` says why no money can be released by the decision itself.
    """

    ticket_id: str
    is_triaged: bool
    is_refund: bool
    case_id: str | None = None
    revision: int | None = None
    status: str | None = None
    headline: str | None = None
    order: OrderBody | None = None
    candidates: list[OrderBody] = []
    plan: PlanBody | None = None
    blocked_because: list[str] = []
    returns: list[ReturnBody] = []
    refunds: list[RefundState] = []
    writes: list[WriteBody] = []
    history: list[HistoryBody] = []
    mirror: dict[str, str] = {}
    tags: list[str] = []


class CaseBody(Body):
    """A case after something was done to it; read the ticket for the rest."""

    case_id: str
    ticket_id: str
    revision: int
    status: str
    headline: str


class DeliveryBody(Body):
    """A kept delivery that waits for a person, with its cause."""

    id: int
    ticket_id: str
    kind: str
    state: str
    attempts: int
    cause: str | None
    received_at: AwareDatetime


class DeliveriesBody(Body):
    """The newest deliveries in a state."""

    deliveries: list[DeliveryBody]


class ReplayedBody(Body):
    """The delivery is taken up again."""

    replayed: Literal[True]


# --- approvals ----------------------------------------------------------------------------------


class AskBody(Body):
    """Ask for the release of a plan: the token that came with it. No reason takes the prefilled."""

    plan: Annotated[str, Field(min_length=1, max_length=2000)]
    reason: Annotated[str, Field(max_length=4000)] | None = None
    notify_customer: Annotated[bool, Field(strict=True)] = False


class DenyBody(Body):
    """Why the plan is declined; the requester reads it."""

    reason: Annotated[str, Field(max_length=4000)]


class FactBody(Body):
    """A labelled fact."""

    label: str
    value: str


class ApprovalBody(Body):
    """A request, its evidence as it was when it was asked, and what the signed-in person may do.

    `overrides` names the rule of the policy that the plan goes against, null when it follows it.
    `decided_for` is whose authority a substitute used. `changes` says what made it void.
    """

    id: str
    state: str
    refund_id: str
    case_id: str
    ticket_id: str
    order_name: str
    amount: MoneyBody
    amount_text: str
    needed_tier: str
    asked: str
    requested_by: str
    is_own: bool
    reason: str
    overrides: str | None
    verdict: str
    headline: str
    policy: str
    clause: str | None
    facts: list[FactBody]
    created_at: AwareDatetime
    age_text: str
    reminders: int
    is_overdue: bool
    decided_by: str | None
    decided_for: str | None
    decided_at: AwareDatetime | None
    answer: str | None
    changes: list[str]
    may_decide: bool
    why_not: str | None
    may_withdraw: bool
    is_new: bool = False


class ApprovalsBody(Body):
    """Requests, the longest waiting first; `waiting` counts all that are open."""

    approvals: list[ApprovalBody]
    waiting: int


class DelegationBody(Body):
    """Authority that somebody has lent to somebody else, both days included."""

    id: str
    from_name: str
    to_name: str
    tier: str
    first_day: str
    last_day: str
    holds_now: bool
    may_end: bool


class ColleagueBody(Body):
    """Somebody to whom authority can be lent."""

    id: str
    name: str


class DelegationsBody(Body):
    """Delegations that hold or will hold, and who may be named in a new one."""

    delegations: list[DelegationBody]
    colleagues: list[ColleagueBody]


class DelegateBody(Body):
    """Lend one's own authority from the first to the last day, both included."""

    to: Id
    first_day: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    last_day: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
