"""What Streamlit runs for every view of a page."""

from dashboard.main import main

main()
