import re
from types import SimpleNamespace

from tiny import tiny_config

from mabe_lit.fit import fit
from mabe_lit.training import callbacks
from mabe_lit.training.callbacks import EpochFigure, EpochTable


class Clock:
    """Seconds that pass when told to, and with each figure."""

    def __init__(self, seconds_to_draw):
        self.now = 0.0
        self.seconds_to_draw = seconds_to_draw
        self.drawn = []

    def perf_counter(self):
        return self.now

    def plot(self, epochs, *, title):
        self.now += self.seconds_to_draw
        self.drawn.append(len(epochs))
        return title


def drawn_in(monkeypatch, tmp_path, *, epoch_seconds, epochs, is_first_process=True):
    """How many epochs each figure of a training has; drawing takes 0.1 seconds."""
    clock = Clock(0.1)
    monkeypatch.setattr(callbacks, "time", clock)
    monkeypatch.setattr(callbacks, "plot_curves", clock.plot)
    monkeypatch.setattr(callbacks, "save_curves", lambda figure, file: None)
    table = EpochTable(tmp_path / "metrics.csv")
    figure = EpochFigure(table, tmp_path / "curves.png", title="x")
    trainer = SimpleNamespace(is_global_zero=is_first_process)
    for epoch in range(epochs):
        clock.now += epoch_seconds
        table.rows.append({"epoch": epoch + 1})
        figure.on_train_epoch_end(trainer, None)
    figure.on_fit_end(trainer, None)
    return clock.drawn


def test_figure_is_drawn_after_each_long_epoch_and_once_at_the_end(monkeypatch, tmp_path):
    assert drawn_in(monkeypatch, tmp_path, epoch_seconds=10, epochs=4) == [1, 2, 3, 4]


def test_short_epochs_share_a_figure_and_the_last_has_them_all(monkeypatch, tmp_path):
    drawn = drawn_in(monkeypatch, tmp_path, epoch_seconds=0.25, epochs=100)
    assert len(drawn) * 0.1 <= 0.05 * 100 * 0.25 + 0.1
    assert drawn[:3] == [16, 24, 32], "after four seconds, then after twenty times the drawing"
    assert drawn[-1] == 100


def test_run_of_a_moment_is_drawn_once(monkeypatch, tmp_path):
    assert drawn_in(monkeypatch, tmp_path, epoch_seconds=1, epochs=3) == [3]


def test_other_processes_than_the_first_draw_nothing(monkeypatch, tmp_path):
    drawn = drawn_in(monkeypatch, tmp_path, epoch_seconds=60, epochs=3, is_first_process=False)
    assert drawn == []


def test_bar_on_a_terminal_counts_epochs_from_one(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    fit(tiny_config(tmp_path, epochs=2))
    bars = re.findall(r"Epoch (\d+)/(\d+)", capsys.readouterr().out)
    assert list(dict.fromkeys(bars)) == [("1", "2"), ("2", "2")]
