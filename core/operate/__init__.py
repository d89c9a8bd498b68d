"""Running it: what was used and what it costs, who may do what, and whether the credentials can."""
