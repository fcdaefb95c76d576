"""What the operator API asks of Step Functions."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Workflow:
    """The executions that were started, and the tokens that were completed."""

    client: Any
    arn: str
    completed: list[str] = field(default_factory=list)

    @property
    def started(self) -> list[str]:
        """The names of the executions, in alphabetical order."""
        found = self.client.list_executions(stateMachineArn=self.arn)["executions"]
        return sorted(execution["name"] for execution in found)
