"""The whole Central System over an AWS in memory that breaks wherever a test says."""
