"""A repository, and the view of one caller on it during a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from sn_pandas.embedded.contents import SYSTEM, Caller, Content
from sn_pandas.embedded.languages import templates
from sn_pandas.embedded.schema.types import ContentType, Field, Types
from sn_pandas.embedded.security import permissions
from sn_pandas.embedded.security.rights import Rights
from sn_pandas.embedded.storage.store import Store
from sn_pandas.embedded.wire.options import Options

if TYPE_CHECKING:
    from sn_pandas.embedded.security.tokens import TokenRules
    from sn_pandas.embedded.versioning import State


Json = Any


class Actions(Protocol):
    """The actions of a content, as lists show them."""

    def metadata(self, content: Content, session: Session) -> tuple[list[Json], list[Json]]:
        """Return the actions and functions that ``__metadata`` lists."""

    def items(self, content: Content, session: Session) -> list[Json]:
        """Return the items of ``/Actions``."""


Finds = Callable[["Session", str, set[int]], bool]
"""Whether a content query finds all these contents."""


class Repository:
    """Everything that requests share: the store, the clock, and what the layers above hand down.

    Parameters
    ----------
    store
        The contents.
    finds
        Whether a content query finds all of some contents.
    actions
        What lists the actions of contents.
    clock
        Returns the time; tests may hold it still.
    """

    def __init__(
        self,
        store: Store,
        *,
        finds: Finds,
        actions: Actions,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.store = store
        self.finds = finds
        self.actions = actions
        self.clock = clock
        self.ephemeral_keys: dict[str, int] = {}
        """API keys that are never stored: digest -> id of the user."""
        self.password: str | None = None
        """A password that is good for every enabled user and never stored; an authority sets it."""
        self.tokens: TokenRules | None = None
        """Whose tokens are taken; an authority sets it."""

    def now(self) -> str:
        """Return the time in stored form, cut to 10 ms as the server cuts its own dates."""
        moment = self.clock().astimezone(UTC)
        digits = f"{moment.microsecond // 10000:02}".rstrip("0")
        return f"{moment:%Y-%m-%dT%H:%M:%S}{f'.{digits}' if digits else ''}Z"

    def session(self, caller: Caller = SYSTEM, options: Options | None = None) -> Session:
        """Return the view of a caller."""
        return Session(self, caller, options or Options())


class Session:
    """The repository as one caller sees it, during one request."""

    def __init__(self, repository: Repository, caller: Caller, options: Options) -> None:
        self.repository = repository
        self.store = repository.store
        self.caller = caller
        self.options = options
        self.rights = Rights(self.store, caller)
        self.states: dict[tuple[int, int, str], State] = {}
        """What `versions` found out of contents: id, stamp and version -> state; until something is saved."""
        self.modes: dict[tuple[int, str], str] = {}
        """Id of a content and a mode -> what it hands down; until something is saved."""
        self.searched = 0.0
        """Seconds of computing that the searches of this request have taken."""
        self._loaded: dict[int, Content | None] = {}
        self._roles: frozenset[str] | None = None
        self.list_fields: dict[int, tuple[Field, ...]] = {}
        """Id of a content -> the fields that a list adds to what is below it."""
        self.merged_fields: dict[tuple[object, ...], Mapping[str, Field]] = {}
        """Type, parent and names of added fields -> these fields with those of the type."""
        self.operations: dict[str, Any] = {}
        """Name of a content type -> the operations on its contents that the caller may know of."""
        self._visible_types: frozenset[str] | None = None

    def as_system(self) -> Session:
        """Return a session without permission checks that writes as this caller."""
        return Session(self.repository, replace(self.caller, system=True), self.options)

    @property
    def types(self) -> Types:
        """The content types."""
        return self.store.types

    @property
    def visible_types(self) -> frozenset[str]:
        """The names of the content types whose definitions the caller may see."""
        if self._visible_types is None:
            self._visible_types = self.rights.type_names()
        return self._visible_types

    @property
    def schema_types(self) -> list[ContentType]:
        """The types of a schema for the caller: those he may see, and the ones they are derived from."""
        shown: set[str] = set()
        for name in self.visible_types & self.types.keys():
            shown.update(self.types[name].lineage)
        return [one for one in self.types.values() if one.name in shown]

    # Contents

    def by_path(self, path: str) -> Content | None:
        """Return the content at a path if the caller may see it."""
        return self._readable(self.store.by_path(path))

    def by_id(self, content_id: int) -> Content | None:
        """Return the content with an id if the caller may see it; loaded once in a request."""
        if content_id not in self._loaded:
            self._loaded[content_id] = self.store.load(content_id)
        return self._readable(self._loaded[content_id])

    def load_many(self, ids: list[int]) -> list[Content]:
        """Return the contents with the ids that the caller may see, in order, duplicates kept."""
        self.preload(ids)
        return [content for i in ids if (content := self.by_id(i)) is not None]

    def preload(self, ids: Iterable[int]) -> None:
        """Load contents at once that are going to be asked for one by one."""
        missing = [i for i in dict.fromkeys(ids) if i not in self._loaded]
        if missing:
            found = {content.id: content for content in self.store.load_many(missing)}
            for content_id in missing:
                self._loaded[content_id] = found.get(content_id)

    def children(self, content: Content) -> list[Content]:
        """Return the children of a content that the caller may see."""
        found = [self._readable(one) for one in self.within_time(self.store.children(content.id))]
        return [one for one in found if one is not None]

    def within_time(self, contents: Iterable[Content]) -> Iterator[Content]:
        """Yield contents one by one, unless the request takes too long."""
        for one in contents:
            self.store.keep_time()
            yield one

    def _readable(self, content: Content | None) -> Content | None:
        """Return the version of a content that the caller may read, if he may know of the content."""
        return None if content is None else self.rights.version(content)

    def forget(self, content_id: int) -> None:
        """Load a content again when it is asked for the next time."""
        self._loaded.pop(content_id, None)
        self.rights.forget()
        self.states.clear()
        self.modes.clear()
        self._visible_types = None

    def resolve(self, value: Any) -> int | None:
        """Return the id of a content that is named by id or path, if the caller may see it."""
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, str):
            if value.startswith("/"):
                content = None if value.endswith("/") else self.by_path(value)
                return content.id if content is not None else None
            digits = value.strip().removeprefix("+")
            if not digits.isascii() or not digits.isdigit() or len(digits) > 10:
                return None
            value = int(digits)
        if not isinstance(value, int) or not 0 < value < 2**31:
            return None
        content = self.by_id(value)
        return content.id if content is not None else None

    # Fields

    def ancestors(self, content: Content) -> list[Content]:
        """Return the ancestors of a content, nearest first."""
        found = []
        seen = {content.id}
        if not content.id and content.parent_path:  # not stored, as the fields of a list
            above = self.store.by_path(content.parent_path)
        else:
            above = self.store.peek(content.parent_id)
        while above is not None and above.id not in seen:  # a damaged file may hold a circle
            found.append(above)
            seen.add(above.id)
            above = self.store.peek(above.parent_id)
        return found

    def workspace(self, content: Content) -> Content | None:
        """Return the nearest workspace at or above a content."""
        for candidate in [content, *self.ancestors(content)]:
            if self.types.of(candidate.type).is_a("Workspace"):
                return candidate
        return None

    def wants_rich(self, name: str) -> bool:
        """Return whether the request asks for the editor's state of a rich text."""
        return self.options.all_rich_text or name in self.options.rich_text

    # Permissions

    @property
    def roles(self) -> frozenset[str]:
        """The built-in groups that the caller is in, as operations name them."""
        # no cached_property: before Python 3.12 its one lock for all sessions would wait for the database
        if self._roles is None:
            self._roles = permissions.roles(self.store, self.caller.identities)
        return self._roles

    def can(self, content: Content, permission: str) -> bool:
        """Return whether the caller has a permission on a content."""
        return self.rights.can(content, permission)

    def can_see(self, content: Content) -> bool:
        """Return whether the caller may know of a content."""
        return self.can(content, "See")

    def can_open(self, content: Content) -> bool:
        """Return whether the caller may read the fields of a content; its bytes also require Open."""
        return self.can(content, "Preview")

    # Values

    def now(self) -> str:
        """Return the time in stored form, cut to 10 ms as the server cuts its own dates."""
        return self.repository.now()

    def exact_now(self) -> str:
        """Return the time in stored form with all its digits."""
        moment = self.repository.clock().astimezone(UTC)
        return (
            moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{moment.microsecond:06}".rstrip("0").rstrip(".") + "Z"
        )

    def replace_templates(self, text: str) -> str:
        """Return a text with its templates replaced."""
        return templates.replace(text, caller=self.caller, now=self.repository.clock())
