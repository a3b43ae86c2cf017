"""Pages from templates: what is put into one is escaped, what one asks for must be there, and its words are in texts/.

A template gets two values: `f`, the frame that all pages have, and `p`, the page's own Struct. It calls nothing but
what stands here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from payamak.http.static import StaticFiles
from payamak.panel import shown
from payamak.panel.pages import ROOT
from payamak.panel.refusals import page as family
from payamak.texts.panel import say

HERE: Final = Path(__file__).parent


@cache
def static() -> StaticFiles:
    """Styles, script, font and icons."""
    return StaticFiles(HERE / "static", f"{ROOT}/static", family=family)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(say=say, static=static().url, root=ROOT)
    made.filters.update(
        count=shown.count,
        digits=shown.digits,
        moment=shown.moment,
        day=shown.day,
        short_day=shown.short_day,
        seconds=shown.seconds,
        apart=shown.apart,
    )
    return made


def render(template: str, frame: Any, page: Any) -> str:
    """A page as text, in the listener's language."""
    return _environment().get_template(template).render(f=frame, p=page)
