"""The call engine as a state machine, for one charge point: the real engine and the real conditions, every order.

A process is one invocation. It is run from its beginning with the results it got so far and stops before its next
request to AWS; so a state is the table, the queue, the station, and for each process under way the results it has seen.
"""
