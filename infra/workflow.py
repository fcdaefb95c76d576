"""The workflow of a charging plan: its one definition, for the template, for the local stack and for tests.

No import from aws_cdk: the local stack runs without it.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

DEFINITION_FILE: Final = Path(__file__).with_name("state_machines") / "charging_plan.asl.json"
FUNCTIONS_BY_PLACEHOLDER: Final[Mapping[str, str]] = {"PlanCharging": "plan_charging", "SendProfile": "send_profile"}
"""What stands for a function's ARN in the definition; the state machine runs these and nothing else."""


def definition(arn_of: Callable[[str], str]) -> str:
    """The definition with the ARNs of functions given by name."""
    text = DEFINITION_FILE.read_text()
    for placeholder, name in FUNCTIONS_BY_PLACEHOLDER.items():
        text = text.replace(f"${{{placeholder}}}", arn_of(name))
    return text


def states() -> dict[str, Any]:
    """Every state by name, those inside of maps too."""
    return _states(json.loads(DEFINITION_FILE.read_text()))


def _states(machine: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = dict(machine["States"])
    for state in machine["States"].values():
        if "ItemProcessor" in state:
            found |= _states(state["ItemProcessor"])
    return found
