"""Triage of poisoned memory: who is suspect and why, what it reached, out of recall and back, and a report for people."""
