"""One module per charge-point-initiated action: its two payload models and the function that answers it."""
