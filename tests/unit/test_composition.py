import numpy as np
import pytest

from features.composition import close, clr


def test_huge_parts_close_without_overflow() -> None:
    np.testing.assert_allclose(close([1e308, 1e308]), [0.5, 0.5])


@pytest.mark.parametrize("parts", [[0.0, 0.0], [-1.0, 2.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_what_is_no_composition_is_refused(parts: list[float]) -> None:
    with pytest.raises(ValueError):
        close(parts)


def test_log_ratios_refuse_zeros() -> None:
    with pytest.raises(ValueError, match="positive"):
        clr([0.0, 1.0])
