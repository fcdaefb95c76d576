"""What `make bench` runs: handlers, imports, packages, a fleet and what it would all cost. See docs/performance.md."""
