from infra.definitions import FUNCTIONS
from tests.infra.synthesized import Synthesized


def test_who_places_calls_or_wakes_the_engine_may_send_wake_ups(deployed: Synthesized) -> None:
    name, _ = deployed.queue("CALLS_QUEUE_URL")
    senders = {name for name, definition in FUNCTIONS.items() if definition.places_calls or definition.wakes_calls}
    allowed = {f for f in FUNCTIONS if "sqs:SendMessage" in deployed.allowed(f, f"<{name}.Arn>")}
    assert allowed == senders


def test_who_places_calls_may_post_them_and_say_that_they_have_ended() -> None:
    for definition in FUNCTIONS.values():
        if definition.places_calls:
            assert "POST" in definition.connection_methods, definition.name
            assert "SendTaskSuccess" in definition.workflow_actions, definition.name
