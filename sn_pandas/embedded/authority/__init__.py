"""An authority for the embedded repository: a second application that signs people and programs in.

It imitates the two authorities that real servers use, IdentityServer and sn-auth, and never stands at the
repository's own address. It needs PyJWT: ``pip install "sn_pandas[authority]"``.
"""

from __future__ import annotations

from sn_pandas.embedded.authority.application import Authority
from sn_pandas.embedded.authority.tokens import Kind

__all__ = ["Authority", "Kind"]
