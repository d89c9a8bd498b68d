"""Possible conflicts between memories: found, put to people, resolved through plans, and measured by their decisions."""
