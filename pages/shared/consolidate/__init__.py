"""The page Consolidate: groups of memories that could be one, their drafts, the plan of them, and what a schedule may do."""
