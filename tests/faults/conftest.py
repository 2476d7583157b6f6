"""Fixtures of the fault table."""

from ..frames.labs import admin, application, opened, repo, state

__all__ = ["admin", "application", "opened", "repo", "state"]
