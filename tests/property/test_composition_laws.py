import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.composition import close, close_logs, clr

positive_rows = st.integers(2, 6).flatmap(
    lambda parts: arrays(np.float64, (3, parts), elements=st.floats(1e-6, 1e6))
)


@given(positive_rows)
def test_log_ratios_invert(parts: np.ndarray) -> None:
    shares = close(parts)
    np.testing.assert_allclose(close_logs(clr(shares)), shares, rtol=1e-9)


@given(positive_rows, st.floats(1e-3, 1e3))
def test_log_ratios_ignore_the_unit_of_the_parts(parts: np.ndarray, unit: float) -> None:
    np.testing.assert_allclose(clr(parts), clr(parts * unit), atol=1e-8)


@given(arrays(np.float64, (2, 4), elements=st.floats(-700, 700)))
def test_closed_logs_sum_to_one(logs: np.ndarray) -> None:
    np.testing.assert_allclose(close_logs(logs).sum(axis=1), 1, atol=1e-12)
