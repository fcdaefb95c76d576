"""MiniStack as `tests.emulator` starts it: `local.ministack_server`, with what its IAM gets wrong put right.

* It wants permissions for the batch operations of SQS. They have none of their own: who may send one may send ten.
* It judges the end of a task by no resource. On AWS that is the state machine whose task it is.
"""

import sys
from typing import Any, Final

from ministack.core import iam_actions  # type: ignore[import-untyped]
from ministack.services import stepfunctions  # type: ignore[import-untyped]

_NO_ACTIONS: Final = {
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:SendMessageBatch": "sqs:SendMessage",
}
_action_of = iam_actions.extract_iam_action
_resource_of = iam_actions.extract_resource_arn


def _action(*request: Any) -> str | None:
    action: str | None = _action_of(*request)
    return _NO_ACTIONS.get(action or "", action)


def _resource(service: str, *request: Any) -> str:
    resource: str = _resource_of(service, *request)
    if service == "states" and resource == "*":
        (resource,) = stepfunctions._state_machines  # a token does not say whose it is, but there is only one
    return resource


if __name__ == "__main__":
    iam_actions.extract_iam_action, iam_actions.extract_resource_arn = _action, _resource
    from local.ministack_server import main

    main(*map(int, sys.argv[1:]))
