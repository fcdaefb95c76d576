"""The budget: a mail before the month costs more than it should."""

from typing import Final

from aws_cdk.aws_budgets import CfnBudget
from constructs import Construct

_WARN_PERCENT: Final = 80


class Budget(Construct):
    """For the whole account: what a stack costs can be told apart only by tags that somebody has to activate."""

    def __init__(self, scope: Construct, construct_id: str, limit_usd: int, email: str) -> None:
        super().__init__(scope, construct_id)
        CfnBudget(
            self,
            "Monthly",
            budget=CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=CfnBudget.SpendProperty(amount=limit_usd, unit="USD"),
            ),
            notifications_with_subscribers=[
                self._notification("ACTUAL", _WARN_PERCENT, email),
                self._notification("FORECASTED", 100, email),
            ],
        )

    def _notification(self, kind: str, percent: int, email: str) -> CfnBudget.NotificationWithSubscribersProperty:
        return CfnBudget.NotificationWithSubscribersProperty(
            notification=CfnBudget.NotificationProperty(
                comparison_operator="GREATER_THAN",
                notification_type=kind,
                threshold=percent,
                threshold_type="PERCENTAGE",
            ),
            subscribers=[CfnBudget.SubscriberProperty(address=email, subscription_type="EMAIL")],
        )
