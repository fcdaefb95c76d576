from infra.definitions import FUNCTIONS


def test_who_places_calls_may_post_them_and_say_that_they_have_ended() -> None:
    for definition in FUNCTIONS.values():
        if definition.places_calls:
            assert "POST" in definition.connection_methods, definition.name
            assert "SendTaskSuccess" in definition.workflow_actions, definition.name
