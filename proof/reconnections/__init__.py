"""Connections that end and begin anew: the two hours after which API Gateway cuts each, in every state of a station.

And everybody's at once, as after a failure of a whole Region.
"""
