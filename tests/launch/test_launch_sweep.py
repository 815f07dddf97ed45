"""``launch/sweep.py``: the grid, and sweeps against the emulator."""

import csv
import io

import pytest
from modal_emulator.client import PROJECT, ModalCloud

from launch.grid import Leaderboard, plan_sweep, read_grid
from mabe_lit.config import Config
from mabe_lit.shell import InputError

TINY = ["--config", "configs/smoke.yaml", "--hidden_dim", "16", "--epochs", "1"]


@pytest.fixture
def grid_file(tmp_path):
    return tmp_path / "grid.yaml"


def test_shipped_grid_is_twelve_runs():
    grid = read_grid(str(PROJECT / "configs/sweep.yaml"))
    base = Config(train_data_dir="data/a", val_data_dir="data/b")
    name, runs = plan_sweep(base, grid, None)
    assert len(runs) == 12
    assert len({run.config.run for run in runs}) == 12
    assert runs[0].config.run == f"{name}/00"
    assert runs[0].config.learning_rate == 3e-4, "a number, though YAML reads 3e-4 as text"


def test_runs_are_every_combination(grid_file):
    grid_file.write_text("batch_size: [8, 16]\ngrad_clip: [0, 1]\n")
    _, runs = plan_sweep(Config(), read_grid(str(grid_file)), "s")
    found = [(run.number, run.config.batch_size, run.config.grad_clip) for run in runs]
    assert found == [("00", 8, 0), ("01", 8, 1), ("02", 16, 0), ("03", 16, 1)]


def test_sweep_is_named_by_its_settings(grid_file):
    grid_file.write_text("batch_size: [8, 16]\n")
    name, _ = plan_sweep(Config(), read_grid(str(grid_file)), None)
    assert plan_sweep(Config(), read_grid(str(grid_file)), None)[0] == name
    assert plan_sweep(Config(epochs=3), read_grid(str(grid_file)), None)[0] != name
    grid_file.write_text("batch_size: [8, 32]\n")
    assert plan_sweep(Config(), read_grid(str(grid_file)), None)[0] != name


def test_runs_with_different_simulated_data_have_their_own_folders(grid_file):
    grid_file.write_text("seed: [1, 2]\n")
    _, runs = plan_sweep(Config(), read_grid(str(grid_file)), "s")
    assert [run.config.train_data_dir for run in runs] == [
        "data/synthetic/train-1",
        "data/synthetic/train-2",
    ]
    recordings = Config(train_data_dir="a", val_data_dir="b")
    _, runs = plan_sweep(recordings, read_grid(str(grid_file)), "s")
    assert {run.config.train_data_dir for run in runs} == {"a"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected lines of 'key: "),
        ("seed: 1\n", "seed: expected a list of values, found 1"),
        ("seed: []\n", "seed: expected a list of values, found \\[\\]"),
        ("sed: [1]\n", "--sed: no such key; did you mean seed?"),
        ("seed: [1, x]\n", "seed: expected a whole number, got x"),
        ("seed: [1, 1]\n", "seed: has a value twice"),
        ("gpu: [T4, L4]\n", "gpu is the same for all containers of a sweep"),
        ("run: [a, b]\n", "run is the same for all runs of a sweep"),
        ("seed: [1\n", "is not valid YAML"),
    ],
)
def test_wrong_grid_is_named(grid_file, text, message):
    grid_file.write_text(text)
    with pytest.raises(InputError, match=f"grid: .*{message}"):
        read_grid(str(grid_file))


def test_wrong_combination_is_named(grid_file):
    grid_file.write_text("hidden_dim: [256, 100]\n")
    with pytest.raises(InputError, match="grid: hidden_dim=100: hidden_dim: must be a multiple"):
        plan_sweep(Config(), read_grid(str(grid_file)), "s")


def test_leaderboard_ranks_and_keeps_failures_apart(grid_file):
    grid_file.write_text("seed: [1, 2, 3, 4]\n")
    _, runs = plan_sweep(Config(), read_grid(str(grid_file)), "s")
    board = Leaderboard(runs)
    assert "rank 1" in board.add("01", {"result": {"macro_f1": 0.5, "epochs": 3}})
    assert "rank 1" in board.add("03", {"result": {"macro_f1": 0.75, "epochs": 3}})
    assert board.add("00", {"error": "broken"}).endswith("failed: broken")
    rows = list(csv.DictReader(io.StringIO(board.to_csv())))
    found = [(row["rank"], row["run"], row["state"], row["macro_f1"]) for row in rows]
    assert found == [
        ("1", "03", "finished", "0.75"),
        ("2", "01", "finished", "0.5"),
        ("", "00", "failed", ""),
        ("", "02", "to come", ""),
    ]


def read_leaderboard(cloud: ModalCloud) -> list[dict[str, str]]:
    text = (cloud.volume / "checkpoints/s/leaderboard.csv").read_text()
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("count", [2, pytest.param(12, marks=pytest.mark.slow)])
def test_sweep_with_a_failing_run(modal_cloud: ModalCloud, count):
    learning_rates = [round(1e-3 * (1 + index), 6) for index in range(count)]
    (modal_cloud.folder / "grid.yaml").write_text(f"learning_rate: {learning_rates}\n")
    obstacle = modal_cloud.volume / "checkpoints/s/01"
    obstacle.parent.mkdir(parents=True)
    obstacle.write_text("a file where the run's folder should be")
    command = ["run", "launch/sweep.py", *TINY, "--grid", "grid.yaml", "--max_containers", "2"]
    command += ["--run", "s"]

    done = modal_cloud.modal(*command, status=2)
    assert done.stderr.startswith(f"error: 1 of {count} runs failed: 01; the same command")
    assert f"sweep s: {count} of {count} runs to do" in done.stdout
    rows = read_leaderboard(modal_cloud)
    assert [row["state"] for row in rows] == ["finished"] * (count - 1) + ["failed"]
    assert "File exists" in rows[-1]["error"] or "Not a directory" in rows[-1]["error"]
    scores = [float(row["macro_f1"]) for row in rows[:-1]]
    assert scores == sorted(scores, reverse=True)
    assert modal_cloud.state()["functions"][0]["max_containers"] == 2

    obstacle.unlink()
    calls = len(modal_cloud.state()["calls"])
    again = modal_cloud.modal(*command)
    assert f"sweep s: 1 of {count} runs to do" in again.stdout
    assert len(modal_cloud.state()["calls"]) == calls + 1
    rows = read_leaderboard(modal_cloud)
    assert [row["state"] for row in rows] == ["finished"] * count
