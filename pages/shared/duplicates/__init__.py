"""The page Duplicates: what says the same, which of it stays, what only looks alike, and what was rejected."""
