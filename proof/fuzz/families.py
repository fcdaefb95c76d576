"""What each family puts in, and what may come out."""

from typing import Final

from proof.fuzz.answers import Answers
from proof.fuzz.connects import Connects
from proof.fuzz.frames import Frames
from proof.fuzz.records import Records
from proof.fuzz.requests import Requests
from proof.fuzz.world import World

SHARES: Final[dict[type[World], float]] = {Frames: 0.4, Answers: 0.2, Connects: 0.15, Requests: 0.2, Records: 0.05}
"""How the cases are divided among the families."""
