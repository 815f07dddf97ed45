"""predict on pose files as they are found: other names, other orders, folders in folders."""

import dataclasses
import shutil

import pandas as pd
import pytest
from pose_files import write_deeplabcut
from tiny import fails, tiny_config

from mabe_lit import predict as predict_command
from mabe_lit.fit import fit
from mabe_lit.predict import predict
from mabe_lit.prepare import prepare
from mabe_lit.shell import InputWarning
from mabe_lit.simulation import simulate_recordings


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A network that tells its animals apart."""
    config = tiny_config(tmp_path_factory.mktemp("run"), epochs=1, swap_animals=False)
    fit(config)
    return str(config.run_dir / "best.ckpt")


@pytest.fixture(scope="module")
def recording():
    return simulate_recordings(1, 80, 0)[0]


def with_points(recording, names, others=()):
    """The recording with its points in the order of ``names``, and ``others`` in front of them."""
    found = recording.with_keypoints(tuple(names))
    likelihood = found.likelihood
    order = [0] * len(others) + list(range(len(names)))
    return dataclasses.replace(
        found,
        keypoints=found.keypoints[:, :, order],
        keypoint_names=(*others, *names),
        likelihood=None if likelihood is None else likelihood[:, :, order],
    )


def frames_of(folder, name="1"):
    return pd.read_csv(folder / f"{name}.frames.csv")


@pytest.fixture(scope="module")
def expected(checkpoint, recording, tmp_path_factory):
    folder = tmp_path_factory.mktemp("expected")
    write_deeplabcut(folder / "1.csv", recording)
    predict(checkpoint=checkpoint, poses=str(folder), output=str(folder / "out"))
    return frames_of(folder / "out")


def test_predict_takes_points_by_name_and_names_those_left_out(
    checkpoint, recording, expected, tmp_path
):
    other = with_points(recording, recording.keypoint_names[::-1], ["tip"])
    write_deeplabcut(tmp_path / "1.csv", other)
    with pytest.warns(InputWarning, match="^1: key points that the training had not, .*: tip$"):
        predict(checkpoint=checkpoint, poses=str(tmp_path), output=str(tmp_path / "out"))
    pd.testing.assert_frame_equal(frames_of(tmp_path / "out"), expected)


def test_predict_names_the_points_that_are_missing(checkpoint, recording, tmp_path, capsys):
    write_deeplabcut(tmp_path / "1.csv", with_points(recording, recording.keypoint_names[2:]))
    arguments = ("--checkpoint", checkpoint, "--poses", tmp_path, "--output", tmp_path / "out")
    missing = ", ".join(recording.keypoint_names[:2])
    assert f"missing are {missing}\n" in fails(predict_command, capsys, *arguments)


def test_predict_takes_renamed_points(checkpoint, recording, expected, tmp_path):
    names = ("snout", *recording.keypoint_names[1:])
    write_deeplabcut(tmp_path / "1.csv", dataclasses.replace(recording, keypoint_names=names))
    output = tmp_path / "out"
    rename = [f"snout={recording.keypoint_names[0]}"]
    predict(checkpoint=checkpoint, poses=str(tmp_path), output=str(output), rename=rename)
    pd.testing.assert_frame_equal(frames_of(output), expected)


def test_predict_puts_known_animals_in_order(checkpoint, recording, expected, tmp_path, recwarn):
    swapped = recording.in_order_of(recording.animal_names[::-1])
    write_deeplabcut(tmp_path / "1.csv", swapped)
    predict(checkpoint=checkpoint, poses=str(tmp_path), output=str(tmp_path / "out"))
    pd.testing.assert_frame_equal(frames_of(tmp_path / "out"), expected)
    assert not [w for w in recwarn if issubclass(w.category, InputWarning)]


def test_predict_says_which_animal_it_takes_for_which(checkpoint, recording, expected, tmp_path):
    resident, intruder = recording.animal_names
    swapped = recording.in_order_of((intruder, resident))
    swapped = dataclasses.replace(swapped, animal_names=("stranger", resident))
    write_deeplabcut(tmp_path / "1.csv", swapped)
    with pytest.warns(InputWarning, match=f"^1: .* taken is stranger for {intruder}$"):
        predict(checkpoint=checkpoint, poses=str(tmp_path), output=str(tmp_path / "out"))
    pd.testing.assert_frame_equal(frames_of(tmp_path / "out"), expected)


def test_predict_writes_recordings_of_folders_into_folders(
    checkpoint, recording, expected, tmp_path, capsys
):
    poses, output = tmp_path / "poses", tmp_path / "out"
    for day in ("day1", "day2"):
        (poses / day).mkdir(parents=True)
        write_deeplabcut(poses / day / "videoDLC_net.csv", recording)
    shutil.copy(poses / "day1/videoDLC_net.csv", poses / "day1/videoDLC_net_filtered.csv")
    (poses / "day2/badDLC_net.csv").write_text("scorer\n")
    arguments = ("--checkpoint", checkpoint, "--poses", poses, "--output", output)
    with pytest.raises(SystemExit):
        predict_command.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert "day1/video: videoDLC_net_filtered.csv, not videoDLC_net.csv" in out
    assert "badDLC_net.csv" in err
    assert sorted(file.relative_to(output).as_posix() for file in output.rglob("*.csv")) == [
        *(f"{day}/video.{table}.csv" for day in ("day1", "day2") for table in ("bouts", "frames")),
        "summary.csv",
        "transitions.csv",
    ]
    pd.testing.assert_frame_equal(frames_of(output / "day2", "video"), expected)


def test_predict_reads_poses_as_the_training_did(tmp_path):
    """Points that were renamed for the training are so when predicting."""
    lab = tmp_path / "lab"
    for split, seed in (("train", 0), ("val", 1)):
        (lab / split).mkdir(parents=True)
        simulated = simulate_recordings(1, 200, seed)[0]
        names = ("snout", *simulated.keypoint_names[1:])
        write_deeplabcut(
            lab / split / f"{split}.csv", dataclasses.replace(simulated, keypoint_names=names)
        )
        rows = (f"{frame},{'a' if frame % 40 < 20 else 'b'}\n" for frame in range(200))
        (lab / split / f"{split}_labels.csv").write_text("frame,label\n" + "".join(rows))
        prepare(
            poses=str(lab / split),
            annotations=str(lab / split),
            classes=["a", "b"],
            rename=["snout=nose"],
            output=str(tmp_path / split),
        )
    folders = {f"{split}_data_dir": str(tmp_path / split) for split in ("train", "val")}
    config = tiny_config(tmp_path, dataset="recordings", epochs=1, **folders)
    fit(config)
    checkpoint = str(config.run_dir / "best.ckpt")
    output = tmp_path / "out"
    predict(checkpoint=checkpoint, poses=str(lab / "val" / "val.csv"), output=str(output))
    assert len(frames_of(output, "val")) == 200
