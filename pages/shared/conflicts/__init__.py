"""The page Conflicts: the inbox of possible conflicts, one card at a time, what people's decisions measure, and triage."""
