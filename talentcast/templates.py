"""Pages from Jinja templates: every value is escaped, unless it was rendered here before."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def render(package: str, template: str, **values: object) -> Markup:
    """Return a whole page.

    Args:
        package: Package whose folder `templates` holds the template.
        template: Name of the file.
        **values: What the template names; plain text is escaped.
    """
    return Markup(_environment(package).get_template(template).render(values))  # noqa: S704 - escaped


def render_piece(package: str, template: str, piece: str, *values: object) -> Markup:
    """Return what one macro of a template makes of some values."""
    module = _environment(package).get_template(template).module
    return Markup(getattr(module, piece)(*values))  # noqa: S704 - escaped


@cache
def _environment(package: str) -> Environment:
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
