"""Hints for filters that the server rejects without explaining why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from .errors import did_you_mean, unknown_field
from .filter_rules import FUNCTIONS
from .filter_syntax import Call, Compare, Join, Literal, Member, Node, Not, parse
from .schema import Field
from .tokens import filter_tokens
from .wording import with_article

_FUNCTIONS = frozenset(
    "substringof startswith endswith length indexof replace substring tolower toupper trim concat "
    "day hour minute month second year round floor ceiling isof".split()
)
#: Functions with a field and a text.
_OPERATORS = frozenset(["add", "sub", "mul", "div", "mod", "+", "-"])

_SIGNS = {
    "=": "eq", "==": "eq", "!=": "ne", "<>": "ne", "<=": "le", ">=": "ge", "<": "lt", ">": "gt",
    "&&": "and", "||": "or", "&": "and", "|": "or", "!": "not", "~": "not",
}  # fmt: skip
_DOUBLE = re.compile(r'"([^"]*)"')
#: A comparison with several words without quotes, up to what joins it to the next one.
_WORDS = re.compile(r"(\w+) (eq|ne) ((?!not\b)[^\W\d][\w-]*(?: (?!and\b|or\b|eq\b|ne\b)[\w-]+)+)")
_SIGN = re.compile(r"[=!<>]=|<>|&&|\|\||[=<>&|!~]")
#: Words of other languages that stand where an operator is expected.
_FOREIGN = re.compile(
    r"\b(AND|OR|NOT|EQ|NE|GT|LT|GE|LE|neq|like|LIKE|contains|in|IN|is|IS|between|BETWEEN)\b"
)
_INSTEAD = {
    "like": "startswith(Field,'text') or substringof('text',Field)",
    "contains": "substringof('text',Field)",
    "in": "Field eq 'a' or Field eq 'b'",
    "is": "eq",
    "neq": "ne",
    "between": "Field ge 1 and Field le 5",
}
_CONTENT_QUERY = re.compile(r"[+(-]*#?[A-Za-z_][\w.]*:")
_BARE_DATE = re.compile(r"(\w+ (?:eq|ne|lt|le|gt|ge)) (\d{4}-\d\d-\d\d(?:T[\d:.]+Z?)?)")
_TEMPLATE = re.compile(r"@@\w")
_CURLY = re.compile("[‘’‚“”„]")
_QUOTE_INSIDE = re.compile(r"'(\w+)'(\w[^']*)'")


def hint(text: str, fields: Mapping[str, Field]) -> str:
    """Return a hint on a filter that was rejected; empty if there is none.

    Examples
    --------
    >>> hint("Price lt 100", {"Price": Field("Price", "Currency")})
    'Price is a Currency: write Price lt 100m'
    >>> hint('Name eq "T001"', {"Name": Field("Name", "ShortText")})
    "a text must be in single quotes: write 'T001'"
    """
    tree = parse(text)
    if tree is None:
        bare = "".join("''" if token.kind == "text" else token.text for token in filter_tokens(text))
        bare, quoted = _DOUBLE.sub("''", bare), _DOUBLE.search(bare)
        text_of = quoted and quoted[1].replace("'", "''")
        said = [f"a text must be in single quotes: write '{text_of}'"] if quoted else []
        said += _of_other_languages(text, bare)
        for name, operator, words in _WORDS.findall(bare):
            if name in fields and (fields[name].is_text or fields[name].is_choice):
                said.extend(_describe_unquoted(fields[name], operator, words))
        return "; ".join([*said, *(f"write {_SIGNS[s]} for {s}" for s in dict.fromkeys(_SIGN.findall(bare)))])
    return "; ".join(dict.fromkeys(_hints(tree, fields)))


def _of_other_languages(text: str, bare: str) -> Iterator[str]:
    """Return a hint on a filter in the syntax of another language, or an incomplete one."""
    if _CONTENT_QUERY.match(bare):
        yield "this is a content query: pass it as query=, in a cell in the line query=…"
        return
    for word in dict.fromkeys(_FOREIGN.findall(bare)):
        yield f"write {_INSTEAD.get(word.lower(), word.lower())} for {word}"
    for test, moment in _BARE_DATE.findall(bare):
        yield f"a date must be in quotes after datetime: write {test} datetime'{moment}'"
    if _TEMPLATE.search(bare):
        yield "only content queries have templates: query='DueDate:<@@Today@@'"
    if _CURLY.search(bare):
        yield "a text must be in straight single quotes: 'text'"
    elif inside := _QUOTE_INSIDE.search(text):
        yield f"a quote inside a text must be doubled: write '{inside[1]}''{inside[2]}'"
    if (missing := bare.count("(") - bare.count(")")) > 0:
        yield f"close {'the parenthesis' if missing == 1 else f'{missing} parentheses'}"


def find_unquoted(node: Node, fields: Mapping[str, Field]) -> Iterator[str]:
    """Yield the unquoted words of a filter where a text is expected."""
    match node:
        case Join(parts=parts):
            for part in parts:
                yield from find_unquoted(part, fields)
        case Not(inner=inner):
            yield from find_unquoted(inner, fields)
        case Compare(left=Member(steps=(name,)), right=Member(steps=(word,))):
            if name in fields and word not in fields:
                yield word
        case Call(name="isof", arguments=(Member(steps=(word,)),)):
            yield word
        case Call(name=name, arguments=arguments) if name in FUNCTIONS:
            yield from _words_beside(arguments, fields)


def _hints(node: Node, fields: Mapping[str, Field]) -> Iterator[str]:
    match node:
        case Join(parts=parts):
            for part in parts:
                yield from _hints(part, fields)
        case Not(inner=inner):
            if isinstance(inner, (Member, Literal)):
                yield "write not (…) around a comparison"
            yield from _hints(inner, fields)
        case Compare(operator=operator, left=Member(steps=(name,)), right=Literal() as literal):
            yield from _comparison(name, operator, literal, fields)
        case Compare(operator=operator, left=Member(steps=(name,)), right=Member(steps=(word,))) if (
            name in fields and word not in fields
        ):
            yield from _describe_unquoted(fields[name], operator, word)
        case Compare(left=left, right=right):
            yield from _hints(left, fields)
            yield from _hints(right, fields)
        case Member(steps=(name,)):
            yield from _unknown(name, fields)
        case Call(name="isof", arguments=(Member(steps=(word,)),)):
            yield f"the name of a type must be in single quotes: write isof('{word}')"
        case Call(name=name, arguments=arguments):
            if name == "contains":
                yield "write substringof('text',Field) for contains"
            elif name not in _FUNCTIONS and name not in _OPERATORS:
                yield f"there is no function {name}.{did_you_mean(name, _FUNCTIONS)}"
            words = _words_beside(arguments, fields) if name in FUNCTIONS else []
            yield from (f"a text must be in single quotes: write '{word}'" for word in words)
            for argument in arguments:
                if not (isinstance(argument, Member) and argument.steps[0] in words):
                    yield from _hints(argument, fields)


def _words_beside(arguments: Sequence[Node], fields: Mapping[str, Field]) -> list[str]:
    """Return the words among some arguments that are not fields, if another one is."""
    words = [one.steps[0] for one in arguments if isinstance(one, Member) and len(one.steps) == 1]
    unknown = [word for word in words if word not in fields]
    return unknown if len(unknown) < len(words) else []


def _describe_unquoted(field: Field, operator: str, word: str) -> Iterator[str]:
    """Describe how to write an unquoted text next to a field."""
    name = field.name
    if field.is_reference:
        yield f"{name} is a reference: write a content query with the id, query='{name}:12'"
    elif field.is_date:
        yield f"{name} is a DateTime: write {name} {operator} datetime'2026-12-31T00:00:00Z'"
    elif field.is_truth:
        yield f"{name} is a Boolean: write {name} {operator} true or {name} {operator} false"
    elif field.is_number:
        yield f"{name} is {with_article(field.type)}: write a number after {operator}"
    else:
        yield f"a text must be in single quotes: write {name} {operator} '{_value_of(word, field)}'"


def _comparison(name: str, operator: str, literal: Literal, fields: Mapping[str, Field]) -> Iterator[str]:
    field = fields.get(name)
    if field is None:
        yield from _unknown(name, fields)
        return
    number = literal.text.rstrip("LmMdDf")
    wanted = literal.text
    if field.kind.value == "decimal" and literal.kind == "number":
        wanted = f"{number}m"
    elif field.kind.value == "integer" and literal.kind == "number":
        wanted = number.partition(".")[0]
    elif field.is_date and literal.kind in ("text", "number"):
        wanted = f"datetime'{literal.text.strip(chr(39))}'"
    elif (field.is_text or field.is_choice) and literal.kind == "number":
        wanted = f"'{literal.text}'"
    elif field.is_truth and literal.text not in ("true", "false"):
        wanted = "true"
    elif field.is_text and operator not in ("eq", "ne"):
        yield f"texts have no order in a filter: write a content query, query='{name}:>\"…\"'"
        return
    elif field.is_reference and literal.text != "null":
        yield f"{name} is a reference: write a content query with the id, query='{name}:12'"
        return
    if wanted != literal.text:
        yield f"{name} is {with_article(field.type)}: write {name} {operator} {wanted}"


def _value_of(word: str, field: Field) -> str:
    """Return the option for a word, marked as a value; other words unchanged."""
    meant = [o.value for o in field.options if word.lower() in (o.value.lower(), o.text.lower())]
    return f"${meant[0]}" if field.is_choice and meant else word


def _unknown(name: str, fields: Mapping[str, Field]) -> Iterator[str]:
    if name not in fields and name != "ContentType" and not name.startswith("#"):
        yield unknown_field(name, fields)
