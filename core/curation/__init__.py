"""The curation machine: plan → pre-flight → apply → journal → undo, and the policies that propose plans."""
