"""The memory of one agent as tools of the Model Context Protocol; docs/mcp.md says how a client is set up.

Whose memory it is, with which rights and in which index, is settled when the server starts: no tool has an argument for it.
"""
