"""A repository, and the view of one caller on it during a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sn_pandas.embedded.changes import grown_fields, versions
from sn_pandas.embedded.content_types import added_fields
from sn_pandas.embedded.content_types.types import Field, Types
from sn_pandas.embedded.contents import HEAD_REFERENCES, SOMEBODY, SYSTEM, Caller, Content
from sn_pandas.embedded.languages import templates
from sn_pandas.embedded.security import entries, permissions
from sn_pandas.embedded.storage.store import Store

if TYPE_CHECKING:
    from sn_pandas.embedded.changes.versioning import State
    from sn_pandas.embedded.http.options import Options


class Repository:
    """Everything that requests share: the store and the clock.

    Parameters
    ----------
    store
        The contents.
    clock
        Returns the time; tests may hold it still.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.store = store
        self.clock = clock
        self.passing_keys: dict[str, int] = {}
        """API keys that are never stored: key -> id of the user."""
        self.callers: dict[int, tuple[int, Caller]] = {}
        """Who asked before, each with the number of commits at which that was looked up."""

    def session(self, caller: Caller = SYSTEM, options: Options | None = None) -> Session:
        """Return the view of a caller."""
        from sn_pandas.embedded.http.options import Options

        return Session(self, caller, options or Options())


class Session:
    """The repository as one caller sees it, during one request."""

    def __init__(self, repository: Repository, caller: Caller, options: Options) -> None:
        self.repository = repository
        self.store = repository.store
        self.caller = caller
        self.options = options
        self.rights: dict[tuple[int, bool, bool], int] = {}
        """What `permissions` found out of the caller: holder, on it or below, as owner or not -> bits."""
        self.states: dict[tuple[int, int, str], State] = {}
        """What `versions` found out of contents: id, stamp and version -> state; until something is saved."""
        self.modes: dict[tuple[int, str], str] = {}
        """Id of a content and a mode -> what it hands down; until something is saved."""
        self._loaded: dict[int, Content | None] = {}
        self._roles: frozenset[str] | None = None
        self.list_fields: dict[int, tuple[Field, ...]] = {}
        """Id of a content -> the fields that a list adds to what is below it."""
        self.merged_fields: dict[tuple[object, ...], Mapping[str, Field]] = {}
        """Type, parent and names of added fields -> these fields with those of the type."""

    @property
    def types(self) -> Types:
        """The content types."""
        return self.store.types

    # Contents

    def by_path(self, path: str) -> Content | None:
        """Return the content at a path if the caller may see it."""
        return self._readable(self.store.by_path(path))

    def by_id(self, content_id: int) -> Content | None:
        """Return the content with an id if the caller may see it; loaded once in a request."""
        if content_id not in self._loaded:
            self._loaded[content_id] = self.store.load(content_id)
        return self._readable(self._loaded[content_id])

    def many(self, ids: list[int]) -> list[Content]:
        """Return the contents with the ids that the caller may see, in order, duplicates kept."""
        missing = [i for i in ids if i not in self._loaded]
        if missing:
            found = {content.id: content for content in self.store.load_many(missing)}
            for content_id in missing:
                self._loaded[content_id] = found.get(content_id)
        return [content for i in ids if (content := self.by_id(i)) is not None]

    def _readable(self, content: Content | None) -> Content | None:
        """Return the version of a content that the caller may read, if he may know of the content."""
        if content is None or not self.sees(content):
            return None
        return versions.readable(self, content)

    def forget(self, content_id: int) -> None:
        """Load a content again when it is asked for the next time."""
        self._loaded.pop(content_id, None)
        self.rights.clear()
        self.states.clear()
        self.modes.clear()

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

    def fields_of(self, content: Content) -> Mapping[str, Field]:
        """Return all fields of a content: those of its type, and those that a list or aspects add."""
        found = self.types.get(content.type) or self.types["GenericContent"]
        if grown_fields.KEPT in content.fields:
            return found.fields | grown_fields.of_content(content)
        added = added_fields.of_content(self, content)
        if not added:
            return found.fields
        key = (found.name, content.parent_id, *added)
        if key not in self.merged_fields:
            self.merged_fields[key] = {**found.fields, **added}
        return self.merged_fields[key]

    def targets(self, content: Content, name: str) -> list[int]:
        """Return the ids that a reference field holds."""
        if name in HEAD_REFERENCES:
            found: list[int] = content.stored(name)
            return found
        if name in ("AllRoles", "DirectRoles"):
            return sorted(entries.groups_of(self.store, [content.id], directly=name == "DirectRoles"))
        if name == "Workspace":
            workspace = self.workspace(content)
            return [workspace.id] if workspace is not None else []
        return list(content.fields.get(name) or ())

    def referenced(self, content: Content, name: str) -> list[Content]:
        """Return the contents that a reference field holds and the caller may see.

        In place of an invisible creator, modifier or owner stands the built-in user Somebody.
        """
        if name == "Versions":
            return versions.of_content(self, content)
        if name == "FieldSettingContents":
            from sn_pandas.embedded.content_types import lists

            return lists.settings(self, content)
        found = self.many(self.targets(content, name))
        if not found and name in HEAD_REFERENCES and self.targets(content, name):
            somebody = self.store.load(SOMEBODY)
            return [somebody] if somebody is not None else []
        return found

    def type_contents(self, content: Content, name: str) -> list[Content]:
        """Return the content types that `AllowedChildTypes` or its effective form lists, as contents."""
        from sn_pandas.embedded.reads import computed

        names = (computed.child_types if name == "AllowedChildTypes" else computed.effective_child_types)(
            content, self
        )
        found = [self.by_path(self.types[n].path) for n in names]
        return [content for content in found if content is not None]

    def ancestors(self, content: Content) -> list[Content]:
        """Return what is above a content, nearest first."""
        paths = []
        path = content.parent_path
        while path:
            paths.append(path)
            path = path.rpartition("/")[0]
        return [found for path in paths if (found := self.store.by_path(path)) is not None]

    def workspace(self, content: Content) -> Content | None:
        """Return the nearest workspace at or above a content."""
        for candidate in [content, *self.ancestors(content)]:
            if self.types.of(candidate.type).is_a("Workspace"):
                return candidate
        return None

    def json_of(self, content: Content, name: str) -> Any:
        """Return the JSON of a field as an entity shows it unexpanded."""
        from sn_pandas.embedded.reads import projection

        return projection.read(content, self.fields_of(content)[name], self)

    def wants_rich(self, name: str) -> bool:
        """Whether the request asks for the editor's state of a rich text."""
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
        """Whether the caller has a permission on a content."""
        if content.id == SOMEBODY and permission in ("Preview", "Open"):
            return True  # he stands for others in what everybody may read
        return self.caller.system or permissions.can(self, content, permission)

    def sees(self, content: Content) -> bool:
        """Whether the caller may know of a content."""
        return self.can(content, "See")

    def opens(self, content: Content) -> bool:
        """Whether the caller may read the fields of a content, its bytes aside: they need Open."""
        return self.can(content, "Preview")

    # Values

    def now(self) -> str:
        """Return the time in stored form, cut to 10 ms as the server cuts its own dates."""
        moment = self.repository.clock().astimezone(UTC)
        digits = f"{moment.microsecond // 10000:02}".rstrip("0")
        return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{digits}Z" if digits else "Z")

    def exact_now(self) -> str:
        """Return the time in stored form with all its digits."""
        moment = self.repository.clock().astimezone(UTC)
        return (
            moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{moment.microsecond:06}".rstrip("0").rstrip(".") + "Z"
        )

    def evaluated(self, text: str) -> str:
        """Return a text with its templates replaced."""
        return templates.replace(text, caller=self.caller, now=self.repository.clock())
