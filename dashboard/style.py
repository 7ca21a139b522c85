"""CSS beyond Streamlit's theme, sent with the first text of a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from readers.charts.theme import Palette

_RULES: Final = """
h1.tc-title,h2.tc-h2,h3.tc-h3,h1.tc-h1{font-family:"Source Serif",Georgia,serif!important;
 font-weight:600!important;letter-spacing:-.005em}
.tc-kicker{font-size:.875rem;color:var(--muted);margin:0 0 .25rem}
h1.tc-title,h1.tc-h1{font-size:2.125rem!important;line-height:1.15!important;max-width:44ch;
 text-wrap:balance;margin:0 0 .6rem;padding:0}
h2.tc-h2{font-size:1.5rem!important;line-height:1.2!important;
 margin:1.6rem 0 .2rem;padding:0;max-width:64ch;text-wrap:balance}
h3.tc-h3{font-size:1.1875rem!important;line-height:1.3!important;
 margin:.4rem 0 .1rem;padding:0;text-wrap:balance}
.tc-lead,.tc-text{max-width:68ch;margin:0 0 .4rem;line-height:1.55}
.tc-lead,.tc-text,.tc-source,.tc-table{font-variant-numeric:tabular-nums lining-nums}
.tc-source{font-size:.8125rem;color:var(--muted);max-width:104ch;
 margin:.1rem 0 .2rem;line-height:1.5}
.tc-source b{color:var(--ink);font-weight:600}
.tc-key{display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;font-size:.8125rem;color:var(--ink);
 margin:.1rem 0 0;line-height:1.6}
.tc-key span{white-space:nowrap}
.tc-line{display:inline-block;width:22px;border-top:2.25px solid currentColor;margin-right:6px;
 vertical-align:middle}
.tc-dots{border-top-style:dotted}.tc-dashes{border-top-style:dashed}
.tc-diamond{display:inline-block;width:8px;height:8px;border:1.25px solid currentColor;
 transform:rotate(45deg);margin:0 9px 1px 4px}
.tc-swatch{display:inline-block;width:20px;height:11px;margin:0 5px 0 8px;vertical-align:-1px}
.tc-scroll{overflow-x:auto;max-width:100%}
.tc-scroll:focus-visible{outline:2px solid var(--hue);outline-offset:2px}
.tc-table{border-collapse:collapse;width:100%;font-size:.9375rem}
.tc-table caption{text-align:left;font-size:.8125rem;color:var(--muted);padding:0 0 .3rem}
.tc-table th,.tc-table td{text-align:left;padding:.42rem .6rem .42rem 0;
 border:0;border-bottom:1px solid var(--grid);font-weight:400;vertical-align:top}
.tc-table thead th{font-size:.8125rem;color:var(--muted);border-bottom:1.5px solid var(--ink)}
.tc-table .num{text-align:right;padding-right:0;padding-left:.8rem;white-space:nowrap}
.tc-table .num + :not(.num){padding-left:1.6rem}
.tc-table em{color:var(--muted)}
.tc-table td.word-fail,.tc-strong{font-weight:600}
.tc-strip{border-collapse:collapse;font-variant-numeric:tabular-nums lining-nums;margin:.7rem 0 0}
.tc-strip caption{text-align:left;font-size:.9375rem;padding:0 0 .15rem;text-wrap:balance}
.tc-strip th{font-size:.8125rem;font-weight:400;color:var(--muted);text-align:left;border:0;
 border-top:1.5px solid var(--ink);padding:.3rem 1.6rem 0 0}
.tc-strip td{font-family:"Source Serif",Georgia,serif;font-size:1.375rem;font-weight:600;border:0;
 line-height:1.2;padding:0 1.6rem .2rem 0}
.tc-strips{display:flex;flex-wrap:wrap;column-gap:3rem}
.tc-empty{border:1px dashed var(--rule);border-radius:4px;padding:1.1rem 1.2rem;color:var(--muted);
 max-width:68ch;margin:.5rem 0}
.tc-notice{border-left:3px solid var(--warn);background:var(--wash);padding:.55rem .9rem;
 margin:0 0 .6rem;max-width:104ch;font-size:.9375rem}
.tc-list{display:grid;grid-template-columns:minmax(9rem,14rem) 1fr;gap:.45rem 1.2rem;
 max-width:90ch;margin:.3rem 0!important}
dl.tc-list{padding:0}.tc-list dt{color:var(--muted)}.tc-list dd{margin:0;overflow-wrap:anywhere}
.tc-footer{border-top:1px solid var(--grid);margin-top:2.5rem;padding-top:1rem;
 font-size:.8125rem;color:var(--muted)}
[data-testid="stHeaderLogo"],[data-testid="stLogo"],.stLogo{height:1.35rem!important}
[data-testid="stVegaLiteChart"] svg{overflow:visible}
[data-testid="stHeadingWithActionElements"] a{display:none}
.st-key-filters [data-testid="stHorizontalBlock"]{gap:.8rem}
[class*="st-key-filter-"],[class*="st-key-pick-"]{min-height:68px}
@media (max-width:639px){
 h1.tc-title{font-size:1.625rem!important}
 .tc-table .second{display:none}
 .tc-strip th,.tc-strip td{padding-right:1.05rem}.tc-strip td{font-size:1.125rem}
 .tc-list{grid-template-columns:1fr;gap:.1rem}.tc-list dd{margin-bottom:.5rem}
 .st-key-filters [data-testid="stHorizontalBlock"]{flex-direction:row;flex-wrap:wrap}
 .st-key-filters [data-testid="stColumn"]{min-width:calc(50% - .5rem)!important;
  flex:1 1 calc(50% - .5rem)!important;width:calc(50% - .5rem)!important}
}
@media (prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important}}
"""


def css(palette: Palette, heights: Mapping[str, int]) -> str:
    """Return the style element.

    Args:
        palette: Colours of the reader's mode.
        heights: Pixels to keep for each chart, by key, before it is drawn.
    """
    names = (
        f":root{{--ink:{palette.ink};--muted:{palette.muted};--grid:{palette.grid};"
        f"--rule:{palette.rule};--wash:{palette.wash};--hue:{palette.hues[0]};"
        f"--warn:{palette.hues[1]}}}"
    )
    kept = "".join(f".st-key-chart-{key}{{min-height:{px}px}}" for key, px in heights.items())
    # With something beside the style, Streamlit leaves it in its place: it then arrives together
    # with the text that it styles.
    return f"<style>{names}{_RULES}{kept}</style><span></span>"
