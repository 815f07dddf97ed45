from dataclasses import replace

import pytest
from tiny import tiny_config

from mabe_lit.data import open_dataset, write_dataset
from mabe_lit.simulation import GROUP_SIMULATION_VERSION, SIMULATION_VERSION
from mabe_lit.training import datamodule

GROUP = {"synthetic_animals": 3, "synthetic_swaps": True}


@pytest.fixture
def written(monkeypatch):
    """Folders that were written, in their order; of the recordings, their pose."""
    folders = []

    def write(recordings, directory, **options):
        folders.append(directory.name)
        write_dataset([replace(r, tracks=()) for r in recordings], directory, **options)

    monkeypatch.setattr(datamodule, "write_dataset", write)
    return folders


def simulate(folder, **changes):
    config = tiny_config(folder, synthetic_train_frames=300, synthetic_val_frames=200, **changes)
    datamodule.BehaviorDataModule(config).prepare_data()
    return open_dataset(folder / "data" / "val")


def test_source_of_a_pair_is_noted_as_by_earlier_releases(tmp_path, written):
    note = {"version": SIMULATION_VERSION, "seed": [42, 1], "frames": 200}
    assert simulate(tmp_path).source == {"simulated": note}


def test_group_is_simulated_where_asked_for(tmp_path, written):
    dataset = simulate(tmp_path, **GROUP)
    assert dataset.animal_names == ("mouse1", "mouse2", "mouse3")
    assert len(dataset.keypoints) == 200
    assert dataset.source["simulated"] == {
        "version": GROUP_SIMULATION_VERSION,
        "seed": [42, 1],
        "frames": 200,
        "animals": 3,
        "swaps": True,
    }


@pytest.mark.parametrize(
    ("changes", "times"),
    [
        (GROUP, 1),
        (GROUP | {"synthetic_animals": 4}, 2),
        (GROUP | {"synthetic_swaps": False}, 2),
        ({}, 2),
    ],
)
def test_folder_of_other_animals_is_simulated_anew(tmp_path, written, changes, times):
    simulate(tmp_path, **GROUP)
    simulate(tmp_path, **changes)
    assert written == ["train", "val"] * times
