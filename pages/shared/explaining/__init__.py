"""The views of the Search page that explain a recall: its stages, a miss, what an agent is given, and two ways to ask."""
