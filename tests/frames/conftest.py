"""Fixtures of the tests of frames."""

from .labs import admin, application, opened, repo, state

__all__ = ["admin", "application", "opened", "repo", "state"]
