"""One task as a story."""
