"""The effective permission entries of a content, own and inherited ones, as in lists of permissions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.security import entries, permissions

if TYPE_CHECKING:
    from sn_pandas.embedded.storage.store import Store


@dataclass(frozen=True, slots=True)
class Origin:
    """A permission in an entry: ``allow`` or ``deny``, and the path of its origin (None = the content)."""

    value: str
    place: str | None


@dataclass(slots=True)
class EffectiveEntry:
    """What one identity is allowed and denied on a content.

    Parameters
    ----------
    propagates
        False for what does not reach the contents below.
    allowed_from, denied_from
        Bit -> path that it comes from, None for the content itself.
    """

    identity: int
    propagates: bool
    allowed_from: dict[int, str | None] = field(default_factory=dict)
    denied_from: dict[int, str | None] = field(default_factory=dict)

    @property
    def allow(self) -> int:
        """The bits that are allowed and not denied."""
        return sum(bit for bit in self.allowed_from if bit not in self.denied_from)

    @property
    def ancestor(self) -> str | None:
        """The path of the nearest ancestor with one of the permissions; None if all are set here."""
        return max((place for place in self._places() if place is not None), key=len, default=None)

    @property
    def inherited(self) -> bool:
        """Whether nothing of it is set on the content itself."""
        return None not in self._places()

    def _places(self) -> list[str | None]:
        return [origin.place for _, origin in self.permissions() if origin is not None]

    @property
    def deny(self) -> int:
        """The bits that are denied."""
        return sum(self.denied_from)

    def permissions(self) -> Iterator[tuple[str, Origin | None]]:
        """Yield every permission with its origin, None if the entry says nothing of it."""
        for name, bit in permissions.BIT.items():
            if bit in self.denied_from:
                yield name, Origin("deny", self.denied_from[bit])
            elif bit in self.allowed_from:
                yield name, Origin("allow", self.allowed_from[bit])
            else:
                yield name, None


def effective_entries(store: Store, content: Content) -> list[EffectiveEntry]:
    """Return the entries of a content and those that reach it from above, by identity."""
    with store.reading() as db:
        chain = permissions.acls(store).chain(db, entries.holder_of(store, content))
        paths = {one.id: one.path for one in store.load_many([place for place, _ in chain])}
    found: dict[tuple[int, bool], EffectiveEntry] = {}
    for place, own in chain:
        here = place == content.id
        for entry in own:
            if entry.local_only and not here:
                continue
            one = found.setdefault(
                (entry.identity, not entry.local_only), EffectiveEntry(entry.identity, not entry.local_only)
            )
            origin = None if here else paths.get(place)
            for bits, origins in ((entry.allow, one.allowed_from), (entry.deny, one.denied_from)):
                for bit in permissions.BIT.values():
                    if bits & bit:
                        origins.setdefault(bit, origin)
    return [found[key] for key in sorted(found, key=lambda key: (key[0], not key[1]))]
