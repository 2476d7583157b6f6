"""Fixtures of the fault table."""

from ..frames.labs import opened, repo, state

__all__ = ["opened", "repo", "state"]
