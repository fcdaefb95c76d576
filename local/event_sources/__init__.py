"""A stand-in for what runs functions without a request: the pollers of queue and stream, and the clock.

As the Lambda service does, they take what the embedded AWS holds and hand it to a handler as an event of the real form,
delete what was handled and leave what failed.
"""

from local.event_sources.running import Source, running

__all__ = ["Source", "running"]
