"""The OCPP-J wire format, pure: bytes and text in, frames out. No AWS, no clock, no product rules."""
