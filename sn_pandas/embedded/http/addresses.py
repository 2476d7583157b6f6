"""The former name of ``wire.addresses``: `Address`, `decode_path` and `parse` stay here for one version."""

from __future__ import annotations

from sn_pandas.embedded.wire.addresses import Address, decode_path, parse

__all__ = ["Address", "decode_path", "parse"]
