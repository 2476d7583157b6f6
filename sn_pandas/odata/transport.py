"""The former name of ``client``: `Client` and `Retries` stay here for one version."""

from __future__ import annotations

from .client import Client, Retries

__all__ = ["Client", "Retries"]
