import numpy as np

from mabe_lit.simulation.noise import hold, smooth, wander


def test_hold_keeps_a_value_until_a_change():
    draw = np.arange(4000.0).reshape(2000, 2)
    held = hold(np.random.default_rng(0), draw, 0.05)
    changes = np.diff(held, axis=0) != 0
    assert 0.04 < changes.mean() < 0.06
    np.testing.assert_array_equal(held[1:][changes], draw[1:][changes])


def test_smooth_of_a_step_rises_evenly_and_leaves_the_ends():
    step = np.repeat([0.0, 1.0], 10)[:, None]
    # Means over 3 frames: ..., 0, 1/3, 2/3, 1, ...; and once more: 1/9, 3/9, 6/9, 8/9.
    expected = np.concatenate([np.zeros(8), [1 / 9, 3 / 9, 6 / 9, 8 / 9], np.ones(8)])
    np.testing.assert_allclose(smooth(step, 3)[:, 0], expected, atol=1e-12)


def test_wander_has_unit_variance_and_lasts():
    noise = wander(np.random.default_rng(0), (20_000,), 20)
    np.testing.assert_allclose(noise.std(), 1.0, rtol=0.1)
    assert np.corrcoef(noise[:-1], noise[1:])[0, 1] > 0.98
    assert abs(np.corrcoef(noise[:-100], noise[100:])[0, 1]) < 0.1
