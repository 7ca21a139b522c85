"""What `streamlit run` serves. Alone in its folder, which Streamlit puts in front of `sys.path`."""

from pathlib import Path

from starlette.middleware import Middleware
from streamlit.starlette import App

from dashboard.links import PageLinks
from dashboard.paths import PAGE_PATHS
from dashboard.sign_in_answers import SignInAnswers

app = App(
    str(Path(__file__).with_name("script.py")),
    middleware=[Middleware(PageLinks, pages=PAGE_PATHS), Middleware(SignInAnswers)],
)
