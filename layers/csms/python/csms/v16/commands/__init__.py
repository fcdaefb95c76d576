"""One module per operation the Central System starts: payload models, rules before sending, what its answer changes."""
