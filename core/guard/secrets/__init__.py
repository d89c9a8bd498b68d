"""Secrets in memories: a table of patterns, each with where it is documented, and what finds them and takes them out."""

from core.guard.secrets.detecting import Secret, redacted, secrets_in, without_secrets
from core.guard.secrets.pattern import PATTERNS, Pattern

__all__ = ["PATTERNS", "Pattern", "Secret", "redacted", "secrets_in", "without_secrets"]
