"""Random input for everything that strangers and operators can reach, a hundred thousand cases in minutes.

Each family sends its own kind of input into the real handlers, over a table in memory that takes what DynamoDB takes.
A batch of cases begins with an empty Central System and is made from the seed and its number alone, so any can be run
again. What must never happen is in `escapes` and in the families' own words. `python -m proof.fuzz --help`.
"""
