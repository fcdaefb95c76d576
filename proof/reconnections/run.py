"""Plays every state, and storms."""

from collections.abc import Mapping
from random import Random

from csms.runtime import Runtime
from proof.reconnections.play import Cut, Play
from proof.reconnections.states import State
from proof.reconnections.storm import Storm


def reconnect_in_each(csms: Runtime, states: Mapping[str, State], how: Cut, *, late: bool) -> None:
    """Have the connection end so in each of the states.

    Raises:
        AssertionError: not everything is as it should be afterwards; which state it was is a note of the exception.
    """
    for name, state in states.items():
        try:
            _reconnect(Play(csms), state, how, late=late)
        except AssertionError as error:
            error.add_note(f"{name}; {how.what}, {'answered late' if late else 'not answered'}")
            raise


def storm(csms: Runtime, seed: int, stations: int) -> None:
    """All of them at once.

    Raises:
        AssertionError: something was lost, or done twice.
    """
    Storm(csms, Random(seed), stations).run()  # noqa: S311  the same again is the point


def _reconnect(play: Play, state: State, how: Cut, *, late: bool) -> None:
    state.prepare(play)
    play.cut(how, state.meanwhile)
    if late:
        play.answer_late()
    play.settle()
    state.afterwards(play, late)
    play.settle()
    play.check()
