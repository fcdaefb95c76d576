"""How many connections a process may have: each is an open file, and many systems begin with 1,024."""

import resource
from typing import Final

_ENOUGH: Final = 65_536


def allow_many_connections() -> None:
    """Raise the soft limit as far as the hard one allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(_ENOUGH, hard)
    if soft not in {resource.RLIM_INFINITY, wanted} and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
