"""The score of MABe 2025."""

import time
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest

from mabe_lit.pose.mabe2025_labels import Labeled, parse_labeled
from mabe_lit.scores.mabe2025 import ActionScore, score_mabe2025
from mabe_lit.scores.mabe2025_bouts import KEY, find_conflicts, find_repeats, tidy_bouts
from mabe_lit.shell import InputError

COLUMNS = ["lab_id", "video_id", "agent_id", "target_id", "action", "start_frame", "stop_frame"]
ATTACK = parse_labeled('["1,2,attack"]')
BOTH = parse_labeled('["1,2,attack", "1,2,mount"]')


def bouts(*rows, lab="one", video=123, agent=1, target=2):
    """A table of ``(action, start, stop)``."""
    return pd.DataFrame([(lab, video, agent, target, *row) for row in rows], columns=COLUMNS)


def in_words(table, agent="mouse1", target="mouse2"):
    return table.assign(agent_id=agent, target_id=target)


@pytest.mark.parametrize(
    ("truth", "predicted", "looked_for", "score"),
    [
        (bouts(("attack", 0, 10)), bouts(("attack", 0, 10)), ATTACK, 1.0),
        (bouts(("attack", 0, 10)), bouts(("mount", 0, 10)), ATTACK, 0.0),
        (bouts(("attack", 0, 9), ("mount", 15, 24)), bouts(("attack", 0, 9)), ATTACK, 0.5),
        (bouts(("attack", 0, 10), ("attack", 10, 20)), bouts(("attack", 0, 20)), ATTACK, 1.0),
        (bouts(("attack", 0, 10), ("attack", 30, 40)), bouts(("attack", 0, 40)), ATTACK, 2 / 3),
        (bouts(("attack", 0, 10)), bouts(("attack", 0, 10), ("mount", 20, 30)), BOTH, 0.5),
    ],
    ids=["all", "not looked for", "one of two", "touching", "too much", "named by prediction"],
)
def test_score_of_one_video_is_the_competitions(truth, predicted, looked_for, score):
    found = score_mabe2025(truth, predicted, {123: looked_for})
    assert found.score == pytest.approx(score, abs=1e-12)
    assert found.labs == {"one": found.score}


def test_score_is_a_mean_over_labs_with_truth():
    truth = bouts(("attack", 0, 9), ("mount", 15, 24))
    of_two = pd.concat([truth, truth.assign(lab_id="two", video_id=345)])
    looked_for = {123: ATTACK, 345: ATTACK, 7: ATTACK}
    elsewhere = bouts(("attack", 0, 9), lab="three", video=7)
    found = score_mabe2025(of_two, pd.concat([bouts(("attack", 0, 9)), elsewhere]), looked_for)
    assert found.score == 0.25
    assert found.labs == {"one": 0.5, "two": 0.0}
    assert (found.without_truth, found.not_looked_for) == (1, 0)


def test_rows_tell_frames_of_each_action():
    truth = bouts(("attack", 0, 10), ("mount", 20, 30))
    predicted = bouts(("attack", 4, 16), ("mount", 40, 41), ("sniff", 0, 50))
    found = score_mabe2025(truth, predicted, {123: BOTH})
    assert found.actions == (
        ActionScore("one", "attack", tp=6, fp=6, fn=4, f1=12 / 22),
        ActionScore("one", "mount", tp=0, fp=1, fn=10, f1=0.0),
    )
    assert found.not_looked_for == 1


def test_frames_are_counted_over_all_videos_of_a_lab():
    first, second = bouts(("attack", 0, 10)), bouts(("attack", 0, 30), video=124)
    found = score_mabe2025(
        pd.concat([first, second]), first, {123: ATTACK, 124: ATTACK}
    )  # 10 of 40, not the mean of 1 and 0
    assert found.score == pytest.approx(20 / 50)


def test_repeated_prediction_counts_once():
    predicted = bouts(("attack", 0, 10), ("attack", 0, 10), ("attack", 2, 6), ("attack", 8, 12))
    (attack,) = score_mabe2025(bouts(("attack", 0, 10)), predicted, {123: ATTACK}).actions
    assert (attack.tp, attack.fp, attack.fn) == (10, 2, 0)


@pytest.mark.parametrize(
    ("agent", "target"), [("mouse1", "mouse2"), ("'mouse1'", "'mouse2'"), ("1", 2.0)]
)
def test_mice_are_the_same_in_all_writings(agent, target):
    predicted = in_words(bouts(("attack", 0, 10)), agent, target)
    assert score_mabe2025(bouts(("attack", 0, 10)), predicted, {123: ATTACK}).score == 1


@pytest.mark.parametrize("target", [1, "mouse1", "self"])
def test_own_number_as_target_is_self(target):
    looked_for = {123: parse_labeled('["mouse1,self,rear"]')}
    predicted = in_words(bouts(("rear", 0, 10)), target=target)
    assert score_mabe2025(bouts(("rear", 0, 10), target=1), predicted, looked_for).score == 1


def test_another_target_is_another_key():
    looked_for = {123: parse_labeled('["1,2,attack", "1,3,attack"]')}
    predicted = bouts(("attack", 0, 10), target=3)
    (attack,) = score_mabe2025(bouts(("attack", 0, 10)), predicted, looked_for).actions
    assert (attack.tp, attack.fp, attack.fn) == (0, 10, 10)


def test_row_without_frames_names_its_action():
    truth = bouts(("attack", 0, 10))
    of_prediction = score_mabe2025(
        truth, bouts(("attack", 0, 10), ("mount", 5, 5)), {123: BOTH}
    )  # no conflict, for it shares no frame
    assert of_prediction.score == 0.5
    of_truth = score_mabe2025(
        bouts(("attack", 0, 10), ("sniff", 3, 3)), bouts(("attack", 0, 10)), {123: BOTH}
    )
    assert of_truth.score == 0.5


def test_two_actions_of_a_pair_in_a_frame_are_refused():
    predicted = bouts(("attack", 20, 30), ("attack", 0, 10), ("mount", 9, 12))
    with pytest.raises(InputError, match="rows 1 and 2: mouse1 does both attack and mount to mou"):
        score_mabe2025(bouts(("attack", 0, 10)), predicted, {123: BOTH})


def test_two_actions_do_not_conflict_where_one_does_not_count_or_has_another_target():
    truth = bouts(("attack", 0, 10))
    not_listed = bouts(("attack", 0, 10), ("mount", 0, 10))
    assert score_mabe2025(truth, not_listed, {123: ATTACK}).score == 1
    elsewhere = bouts(("attack", 0, 5), ("mount", 0, 5), video=9)
    of_both = pd.concat([bouts(("attack", 0, 10)), elsewhere])
    assert score_mabe2025(truth, of_both, {123: BOTH, 9: BOTH}).score == 1
    to_all = pd.concat([bouts(("attack", 0, 10)), bouts(("evade", 0, 10), target=3)])
    looked_for = parse_labeled('["1,2,attack", "1,3,evade"]')
    assert score_mabe2025(truth, to_all, {123: looked_for}).score == 0.5


def test_nothing_that_counts_is_zero():
    found = score_mabe2025(bouts(("attack", 0, 10)), bouts(("attack", 0, 10)), {123: ()})
    assert (found.score, found.not_looked_for) == (0, 1)


GOOD = bouts(("attack", 0, 10))


@pytest.mark.parametrize(
    ("truth", "predicted", "message"),
    [
        (GOOD, GOOD.head(0), "prediction: has no rows"),
        (GOOD.head(0), GOOD, "truth: has no rows"),
        (GOOD, GOOD.drop(columns="action"), "prediction: column action is missing, expected vid"),
        (GOOD.drop(columns="lab_id"), GOOD, "truth: column lab_id is missing"),
        (GOOD, bouts(("attack", 0, 1), ("attack", 7, 6)), "row 1: start_frame 7 is after stop_fr"),
        (GOOD, bouts(("attack", 0.5, 6)), "row 0, start_frame: found 0.5, expected a whole number"),
        (GOOD, bouts(("attack", 0, float("nan"))), "row 0, stop_frame: found nan, expected a wh"),
        (GOOD, bouts(("attack", 0, 2**40)), "row 0, stop_frame: found 1099511627776, expected"),
        (GOOD, bouts((float("nan"), 0, 1)), "row 0, action: found nan, expected text"),
        (GOOD, bouts(("attack", 0, 1), agent="self"), "row 0: found mouse 'self', expected mouse1"),
        (GOOD, bouts(("attack", 0, 1), video="a"), "row 0, video_id: found 'a', expected a whole"),
        (bouts(("attack", 0, 1), video=5), GOOD, "behaviors_labeled of video 5 is missing"),
        (pd.concat([GOOD, GOOD.assign(lab_id="two")]), GOOD, "row 1: video 123 is of two, but"),
    ],
)
def test_tables_that_are_wrong_are_refused(truth, predicted, message):
    with pytest.raises(InputError, match=message):
        score_mabe2025(truth, predicted, {123: ATTACK})


def count_by_sets(truth, predicted, looked_for):
    """The same by sets of frames, one rule after the other; None where it is void."""
    lab_of = dict(zip(truth["video_id"], truth["lab_id"], strict=True))
    true, found, of_pair = defaultdict(set), defaultdict(set), defaultdict(set)
    for _, *key, start, stop in truth.itertuples(index=False):
        true[tuple(key)] |= set(range(start, stop))
    for _, *key, start, stop in predicted.itertuples(index=False):
        video, agent, target, action = key
        if video not in lab_of or (agent, target, action) not in looked_for[video]:
            continue
        new = set(range(start, stop)) - found[tuple(key)]
        if new & of_pair[video, agent, target]:
            return None
        found[tuple(key)] |= new
        of_pair[video, agent, target] |= new
    counts = defaultdict(lambda: np.zeros(3, int))
    for key in true.keys() | found.keys():
        one, other = true.get(key, set()), found.get(key, set())
        frames = len(one & other), len(other - one), len(one - other)
        counts[lab_of[key[0]], key[3]] += frames
    by_lab = defaultdict(list)
    for (lab, _), (tp, fp, fn) in counts.items():
        by_lab[lab].append(2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 0)
    return sum(sum(each) / len(each) for each in by_lab.values()) / len(by_lab)


def random_bouts(rng, rows, videos):
    video = rng.choice(videos, rows)
    start = rng.integers(-5, 60, rows)
    return pd.DataFrame(
        {
            "lab_id": [f"lab{v % 3}" for v in video],
            "video_id": video,
            "agent_id": rng.choice(["mouse1", "mouse2"], rows),
            "target_id": rng.choice(["mouse3", "self"], rows),
            "action": rng.choice(["attack", "mount", "rear"], rows),
            "start_frame": start,
            "stop_frame": start + rng.integers(0, 12, rows),
        }
    )


@pytest.mark.parametrize("cases", [100, pytest.param(500, marks=pytest.mark.slow)])
def test_score_equals_a_count_by_sets_of_frames(cases):
    rng = np.random.default_rng(0)
    everything = [
        Labeled(agent, target, action)
        for agent in ("mouse1", "mouse2")
        for target in ("mouse3", "self")
        for action in ("attack", "mount", "rear")
    ]
    void = 0
    for _ in range(cases):
        truth = random_bouts(rng, rng.integers(1, 25), range(3))
        predicted = random_bouts(rng, rng.integers(1, 30), range(4))
        looked_for = {v: [each for each in everything if rng.random() < 0.6] for v in range(4)}
        expected = count_by_sets(truth, predicted, looked_for)
        if expected is None:
            void += 1
            with pytest.raises(InputError, match="expected one action of a pair in a frame"):
                score_mabe2025(truth, predicted, looked_for)
        else:
            found = score_mabe2025(truth, predicted, looked_for).score
            assert found == pytest.approx(expected, abs=1e-12)
    assert cases / 10 < void < cases / 2


def test_conflicts_are_found_wherever_two_actions_share_a_frame():
    rng = np.random.default_rng(1)
    for _ in range(40):
        table = tidy_bouts(random_bouts(rng, 12, range(2)), "some")
        frames = defaultdict(set)
        for row, (*key, start, stop) in zip(
            table.index, table.itertuples(index=False), strict=True
        ):
            for frame in range(start, stop):
                frames[(*key[:3], frame)].add(row)
        shared = {
            tuple(sorted((one, other)))
            for rows in frames.values()
            for one in rows
            for other in rows
            if table.loc[one, "action"] != table.loc[other, "action"]
        }
        found = {tuple(sorted(pair)) for pair in find_conflicts(table)}
        assert found <= shared
        late = {max(pair, key=lambda row: (table.loc[row, "start_frame"], row)) for pair in shared}
        told = {max(pair, key=lambda row: (table.loc[row, "start_frame"], row)) for pair in found}
        assert told == late


def test_repeats_are_rows_that_share_a_frame_with_one_that_starts_before_them():
    rng = np.random.default_rng(3)
    told = 0
    for _ in range(40):
        table = tidy_bouts(random_bouts(rng, 20, range(2)), "some")
        ranks = table["start_frame"].tolist()
        rows = list(table.itertuples(index=False))
        repeats = {
            late
            for late, one in enumerate(rows)
            for early, other in enumerate(rows)
            if one[:4] == other[:4] and (ranks[early], early) < (ranks[late], late)
            if one == other or max(one[4], other[4]) < min(one[5], other[5])
        }
        assert find_repeats(table) == sorted(repeats)
        told += len(repeats)
    assert told > 20


def test_hundreds_of_long_videos_are_scored_in_seconds():
    rng = np.random.default_rng(2)
    videos, of_video = 850, 120
    start = np.sort(rng.choice(90_000 // 8, (videos, of_video)) * 8, axis=1).ravel()
    truth = pd.DataFrame(
        {
            "lab_id": np.repeat([f"lab{v % 18}" for v in range(videos)], of_video),
            "video_id": np.repeat(np.arange(videos), of_video),
            "agent_id": rng.integers(1, 5, videos * of_video),
            "target_id": rng.integers(1, 5, videos * of_video),
            "action": rng.choice([f"action{c}" for c in range(8)], videos * of_video),
            "start_frame": start,
            "stop_frame": start + 60,
        }
    )
    # one action a pair, as whoever predicts has to see to
    action = (truth["agent_id"] + truth["target_id"]).map("action{}".format)
    tidy = tidy_bouts(truth.assign(action=action), "all")
    looked_for = {
        v: {Labeled(*key) for key in of[KEY[1:]].itertuples(index=False)}
        for v, of in tidy.groupby("video_id")
    }
    begin = time.perf_counter()
    found = score_mabe2025(truth, truth.assign(action=action), looked_for)
    assert time.perf_counter() - begin < 20
    assert len(found.labs) == 18
    assert 0 < found.score < 1
