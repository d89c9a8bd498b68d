"""The context block: its budget, its choice, its reasons, its counters, its figures."""
