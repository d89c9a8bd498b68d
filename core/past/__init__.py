"""The past of an index: what was there at a moment, what a recall found then, and what became of it since."""
