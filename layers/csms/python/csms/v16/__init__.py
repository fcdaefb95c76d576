"""OCPP 1.6: its messages and rules, and what answers a frame. Nothing outside assumes 1.6 payloads."""
