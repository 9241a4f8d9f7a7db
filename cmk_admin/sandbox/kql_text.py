"""The words of a Kusto query: tokens, the two ways in which a query can be wrong, and a cursor over the tokens."""

import re
from dataclasses import dataclass


class QueryError(Exception):
    """A query that Resource Graph would refuse; `code` is the code of the second entry in its error's details."""

    def __init__(self, code: str, message: str, *, word: str = "", line: int = -1, position: int = -1) -> None:
        super().__init__(message)
        self.code, self.message, self.word, self.line, self.position = (code, message, word, line, position)

    def detail(self) -> dict[str, object]:
        """The entry of the error's details, as the service writes it."""
        return {
            "code": self.code,
            "message": self.message,
            "line": self.line,
            "characterPositionInLine": self.position,
            "token": self.word,
        }


@dataclass(slots=True, frozen=True)
class Token:
    """One word of a query; `text` is the value for a string literal, without its quotes."""

    kind: str
    """``name``, ``string``, ``number``, ``mark`` or ``end``."""
    text: str
    line: int
    position: int


# The order matters: longer marks first. `!in~` and `in~` are names to Kusto's grammar, marks to ours.
_WORDS = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
      | (?P<string>@'(?:[^']|'')*'|@"(?:[^"]|"")*"|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")
      | (?P<number>\d+(?:\.\d+)?)
      | (?P<mark>!in~|!in\b|in~|!contains\b|!has\b|!startswith\b|!endswith\b|==|=~|!=|!~|<=|>=|[<>=|,().\[\]])
      | (?P<name>\$left|\$right|[A-Za-z_][A-Za-z0-9_]*(?:-(?:away|keep|reorder|rename|expand)\b)?)
    """,
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}


def tokens_of(query: str) -> list[Token]:
    """Cut a query into tokens, the last one of kind ``end``."""
    tokens: list[Token] = []
    at, line, line_start = 0, 1, 0
    while at < len(query):
        found = _WORDS.match(query, at)
        if found is None:
            # A character of no word of ours: the parser refuses it where it stands, after the words before it.
            tokens.append(Token("mark", query[at], line, at - line_start))
            at += 1
            continue
        kind, text = str(found.lastgroup), found.group()
        if kind != "space":
            value = _unquoted(text) if kind == "string" else text
            tokens.append(Token(kind, value, line, at - line_start))
        if newlines := text.count("\n"):
            line += newlines
            line_start = at + text.rindex("\n") + 1
        at = found.end()
    tokens.append(Token("end", "<EOF>", line, at - line_start))
    return tokens


def _unquoted(literal: str) -> str:
    if literal.startswith("@"):
        quote = literal[1]
        return literal[2:-1].replace(quote * 2, quote)
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), literal[1:-1])


class Cursor:
    """Reads tokens one by one."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def here(self) -> Token:
        """The next token."""
        return self._tokens[self._at]

    def take(self) -> Token:
        """The next token, consumed."""
        token = self.here
        if token.kind != "end":
            self._at += 1
        return token

    def sees(self, *texts: str) -> bool:
        """True when the next token is one of these names or marks."""
        return self.here.kind in ("name", "mark") and self.here.text in texts

    def accept(self, *texts: str) -> bool:
        """Consume the next token if it is one of these names or marks."""
        if self.sees(*texts):
            self._at += 1
            return True
        return False

    def expect(self, text: str) -> Token:
        """Consume exactly this name or mark. Raises QueryError when something else stands there."""
        if not self.sees(text):
            raise self.failure()
        return self.take()

    def name(self) -> str:
        """Consume a name. Raises QueryError when something else stands there."""
        if self.here.kind != "name":
            raise self.failure()
        return self.take().text

    def assigned_name(self) -> str | None:
        """Consume ``name =`` and return the name; None, and nothing consumed, when something else stands there."""
        if self.here.kind != "name" or self._at + 1 >= len(self._tokens):
            return None
        mark = self._tokens[self._at + 1]
        if mark.kind != "mark" or mark.text != "=":
            return None
        name = self.take().text
        self.take()
        return name

    def failure(self) -> QueryError:
        """The parser's failure at the next token."""
        token = self.here
        return QueryError("ParserFailure", "ParserFailure", word=token.text, line=token.line, position=token.position)

    def unsupported(self, word: str) -> QueryError:
        """A word of Kusto's that this service does not answer, or no word at all."""
        return QueryError("InvalidQueryLanguage", "InvalidQueryLanguage", word=word)
