import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.composition import (
    alr,
    alr_inverse,
    close,
    close_logs,
    clr,
    clr_inverse,
    ilr,
    ilr_basis,
    ilr_inverse,
    replace_zeros,
)

positive_rows = st.integers(2, 6).flatmap(
    lambda parts: arrays(np.float64, (3, parts), elements=st.floats(1e-6, 1e6))
)


@given(positive_rows)
def test_log_ratios_invert(parts: np.ndarray) -> None:
    shares = close(parts)
    for forward, back in ((clr, clr_inverse), (alr, alr_inverse), (ilr, ilr_inverse)):
        np.testing.assert_allclose(back(forward(shares)), shares, rtol=1e-9)


@given(positive_rows, st.floats(1e-3, 1e3))
def test_log_ratios_ignore_the_unit_of_the_parts(parts: np.ndarray, unit: float) -> None:
    for log_ratio in (clr, alr, ilr):
        np.testing.assert_allclose(log_ratio(parts), log_ratio(parts * unit), atol=1e-8)


@given(positive_rows)
def test_ilr_keeps_aitchison_distances(parts: np.ndarray) -> None:
    by_clr = np.linalg.norm(clr(parts)[0] - clr(parts)[1])
    by_ilr = np.linalg.norm(ilr(parts)[0] - ilr(parts)[1])
    np.testing.assert_allclose(by_clr, by_ilr, atol=1e-8)


@given(arrays(np.float64, (2, 4), elements=st.floats(-700, 700)))
def test_closed_logs_sum_to_one(logs: np.ndarray) -> None:
    np.testing.assert_allclose(close_logs(logs).sum(axis=1), 1, atol=1e-12)


@given(positive_rows)
def test_zero_replacement_keeps_the_ratios_of_positive_parts(parts: np.ndarray) -> None:
    with_zero = np.column_stack([parts, np.zeros(len(parts))])
    filled = replace_zeros(with_zero, floor=1e-4)
    assert (filled > 0).all()
    np.testing.assert_allclose(filled.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(filled[:, 0] / filled[:, 1], parts[:, 0] / parts[:, 1], rtol=1e-9)


def test_the_ilr_basis_is_orthonormal() -> None:
    basis = ilr_basis(5)
    np.testing.assert_allclose(basis @ basis.T, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(basis.sum(axis=1), 0, atol=1e-12)
