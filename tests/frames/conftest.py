"""Fixtures of the tests of frames."""

from .labs import opened, repo, state

__all__ = ["opened", "repo", "state"]
