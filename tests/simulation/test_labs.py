"""Simulated labs: what they differ in, how their raters mark, and how their cameras count."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from mabe_lit.simulation import lab_videos
from mabe_lit.simulation.lab_videos import mark_spans, simulate_videos
from mabe_lit.simulation.labs import OWN_ACTIONS, Habit, draw_lab
from mabe_lit.simulation.mice import KEYPOINT_NAMES

PLAIN = Habit((0,), onset_s=0.0, offset_s=0.0, gap_s=0.0, least_s=0.0)


class Exact:
    """A generator of a rater who is never early or late."""

    def standard_normal(self):
        return 0.0


@pytest.mark.parametrize(
    ("habit", "marked"),
    [
        ({}, [(1.0, 2.0), (2.5, 5.0), (9.0, 9.5)]),
        ({"onset_s": 0.25, "offset_s": -0.25}, [(1.25, 1.75), (2.75, 4.75)]),
        ({"onset_s": -0.5, "offset_s": 0.0}, [(0.5, 2.0), (2.0, 5.0), (8.5, 9.5)]),
        ({"gap_s": 0.6}, [(1.0, 5.0), (9.0, 9.5)]),
        ({"least_s": 0.8}, [(1.0, 2.0), (2.5, 5.0)]),
        ({"gap_s": 0.6, "least_s": 3.0}, [(1.0, 5.0)]),
    ],
)
def test_rater_marks_by_habit(habit, marked):
    spans = [(1.0, 2.0), (2.5, 5.0), (9.0, 9.5)]
    assert mark_spans(Exact(), spans, replace(PLAIN, **habit)) == marked


def test_six_labs_have_all_that_labs_differ_in():
    labs = [draw_lab(42, index) for index in range(6)]
    assert {lab.mice for lab in labs} == {2, 3, 4}
    assert {lab.fps for lab in labs} == {25.0, 30.0, 30.3}
    assert len({lab.keypoints for lab in labs}) == 6
    assert min(len(lab.keypoints) for lab in labs) == 5
    assert len({lab.px_per_cm for lab in labs}) == 6
    for what in ("starts_late", "writes_lost", "is_quoted", "loses_mouse", "skips_videos"):
        assert {getattr(lab, what) for lab in labs} == {False, True}
    # Each action is learnt from more than one lab, and by other habits.
    actions = Counter(action for lab in labs for action in lab.habits)
    assert min(actions.values()) >= 2
    assert len({lab.habits["sniff"] for lab in labs if "sniff" in lab.habits}) == 5


def test_lab_and_its_videos_are_those_of_the_seed_whatever_else_is_simulated():
    assert draw_lab(42, 1) == draw_lab(42, 1)
    assert draw_lab(43, 1) != draw_lab(42, 1)
    lab = draw_lab(42, 1)
    first, _ = simulate_videos(lab, 2, 0.1, 42)
    again, _ = simulate_videos(lab, 2, 0.1, 42)
    test, _ = simulate_videos(lab, 2, 0.1, 42, is_test=True)
    np.testing.assert_array_equal(first.keypoints, again.keypoints)
    assert first.bouts == again.bouts
    assert first.number == again.number != test.number
    assert not np.array_equal(first.keypoints, test.keypoints, equal_nan=True)


def test_points_of_labs_are_sums_of_shares():
    for index in range(6):
        lab = draw_lab(42, index)
        np.testing.assert_allclose(lab.weights.sum(axis=1), 1)
    weights = dict(zip(draw_lab(42, 0).keypoints, draw_lab(42, 0).weights, strict=True))
    assert weights["ear_left"].tolist() == np.eye(7)[KEYPOINT_NAMES.index("left_ear")].tolist()


@pytest.mark.parametrize(("fps", "frames"), [(25.0, 50), (30.0, 60), (30.3, 61), (60.0, 120)])
def test_camera_takes_positions_at_its_own_rate(monkeypatch, fps, frames):
    """Bodies that run 3 px a frame at 30 frames/s are at 90 px/s whatever the camera's rate."""

    def run(rng, count, frames, animals):
        points = np.zeros((frames, count, animals, 7), complex)
        points += 3.0 * np.arange(frames)[:, None, None, None]
        return [[] for _ in range(count)], points, np.zeros((frames, count, animals, animals), bool)

    monkeypatch.setattr(lab_videos, "act_and_move", run)
    monkeypatch.setattr(
        lab_videos,
        "track_points",
        lambda rng, contact, points: np.stack([points.real, points.imag], axis=-1),
    )
    lab = replace(draw_lab(42, 0), fps=fps, px_per_cm=20.0)  # twice the simulation's
    (video,) = simulate_videos(lab, 1, 2 / 60, 42)
    assert len(video.keypoints) == frames
    expected = 2 * 90 * np.arange(frames) / fps
    np.testing.assert_allclose(video.keypoints[:, 0, 0, 0], expected)


@pytest.mark.parametrize("index", range(6))
def test_video_is_as_its_lab_says(index):
    lab = draw_lab(42, index)
    videos = list(simulate_videos(lab, 4, 0.5, 42))
    assert len({video.number for video in videos}) == 4
    for number, video in enumerate(videos):
        N, A, K, _ = video.keypoints.shape
        assert round(30 * lab.fps) == N
        assert lab.mice - A == (lab.loses_mouse and number % 2)
        assert len(lab.keypoints) == K
        assert video.is_tracked[[0, -1]].all()
        assert (video.first_frame > 0) == lab.starts_late
        assert bool(video.labeled) == (not lab.skips_videos or number < 3)
        assert {bout.action for bout in video.bouts} <= set(lab.habits)
        for agent, target, action in video.labeled:
            assert (agent == target) == (action in OWN_ACTIONS)
        for bout in video.bouts:
            assert (bout.agent, bout.target, bout.action) in video.labeled
            assert video.first_frame <= bout.start < bout.stop <= video.first_frame + N
    agents = {what[0] for video in videos for what in video.labeled}
    assert agents == ({1} if lab.only_resident else set(range(1, lab.mice + 1)))


def test_actions_of_a_pair_never_overlap():
    for video in simulate_videos(draw_lab(42, 0), 2, 1.0, 42):
        frames = Counter(
            (bout.agent, bout.target, frame)
            for bout in video.bouts
            for frame in range(bout.start, bout.stop)
        )
        assert frames
        assert max(frames.values()) == 1
