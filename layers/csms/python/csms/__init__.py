"""A serverless OCPP 1.6-J Central System: pure core, thin shell (see docs/architecture.md)."""
