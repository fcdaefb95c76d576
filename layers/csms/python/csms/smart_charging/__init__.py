"""Smart charging [S 3.13]: what limits what is drawn, and how it is shared. Pure: times come from outside."""
