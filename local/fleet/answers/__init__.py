"""What a simulated station answers when the Central System calls, one module per feature profile (OCPP 1.6 §5)."""
