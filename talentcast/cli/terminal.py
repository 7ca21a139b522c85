"""Text for a terminal, which obeys some characters instead of showing them."""

from __future__ import annotations

import unicodedata

import typer


def visible(text: str) -> str:
    r"""Return a text in which nothing commands a terminal or turns the direction of reading.

    Texts of the data and names of files come from others: an escape sequence among them could
    rewrite what was printed before, or the clipboard. Line ends and tabs stay.

    Example:
        >>> print(visible("a\x1b[2Jb\u202e"))
        a\x1b[2Jb\u202e
    """
    if text.isprintable():
        return text
    return "".join(_escaped(character) for character in text)


def say(text: object = "", *, err: bool = False) -> None:
    """Print a line to stdout, or to stderr, with every control character made visible."""
    typer.echo(visible(str(text)), err=err)


def _escaped(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs"):
        return character
    return character.encode("unicode_escape").decode("ascii")
