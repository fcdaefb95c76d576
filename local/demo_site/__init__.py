"""A simulated day of a site that shares its power: the product's planner, simulated stations, an exact optimum.

`python -m local.demo_site` prints a report and writes a chart. Needs neither the local stack nor AWS: what the Central
System knows, decides and sends is the product's pure code, what reaches the stations and when is simulated.
"""
