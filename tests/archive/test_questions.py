# SPDX-License-Identifier: Apache-2.0
"""Questions about series: every answer against scipy, pandas or the definition written out, and every odd case."""

from __future__ import annotations

import datetime
import json
import math
import pickle
import random
import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xarray as xr
from qiskit_experiments.library.randomized_benchmarking import RBUtils
from scipy import stats
from tests.support.calibrations import DAY, Drift

from qiskit_ibm_native import ArchiveError, ArchiveSeries, CalibrationArchive, Snapshot
from qiskit_ibm_native.archive.questions.change_points import pettitt
from qiskit_ibm_native.archive.questions.coherence import limits
from qiskit_ibm_native.archive.questions.ranking import _ranks
from qiskit_ibm_native.exceptions import IBMInputValueError

START = np.datetime64("2026-01-01", "us")


def series_of(values, hours=None, gate=None, quantity="t1") -> ArchiveSeries:
    """Return a series with given columns, of which ``nan`` is missing; a calibration a day by default."""
    values = np.asarray(values, dtype=float)
    hours = 24.0 * np.arange(len(values)) if hours is None else np.asarray(hours, dtype=float)
    times = START + (hours * 3600e6).astype("timedelta64[us]")
    qubits = np.arange(values.shape[1], dtype=np.uint32)
    qubits = qubits if gate is None else np.stack([qubits, qubits + 1], axis=1)
    return ArchiveSeries("ibm_tiny", quantity, gate, times, values, ~np.isnan(values), qubits)


def noisy(count: int, width: int, seed: int = 0, missing: float = 0.0) -> np.ndarray:
    source = np.random.default_rng(seed)
    values = 1e-4 * np.exp(source.normal(0, 0.1, (count, width)))
    values[source.random(values.shape) < missing] = np.nan
    return values


#: Series whose answers have to be defined: of no calibration, of one, constant, with columns that have no values.
ODD = {
    "no calibrations": np.empty((0, 3)),
    "one calibration": np.array([[1e-4, 2e-4, np.nan]]),
    "two calibrations": np.array([[1e-4, 2e-4, np.nan], [2e-4, 2e-4, 3e-4]]),
    "constant": np.full((50, 3), 1e-4),
    "no values": np.full((50, 3), np.nan),
    "zeros": np.zeros((50, 3)),
    "mostly the same": np.where(np.arange(150).reshape(50, 3) == 70, 5e-4, 1e-4),
}


def ask_all(series: ArchiveSeries) -> list:
    return [
        *(series.drift(), series.change_points(), series.outliers(), series.correlation()),
        *(series.correlation(changes=True), series.stability(), series.stability("7d")),
    ]


def assert_same_after_a_file(data, path):
    """Compare a data set with what xarray reads of the netCDF file that it has written of it."""
    data.to_netcdf(path, engine="scipy")
    with xr.open_dataset(path, engine="scipy") as found:
        xr.testing.assert_equal(found.load(), data)


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("gate", [None, "cz"])
def test_odd_series_have_answers_in_every_tool(name, gate, tmp_path):
    for answer in ask_all(series_of(ODD[name], gate=gate, quantity="error" if gate else "t1")):
        frame = answer.to_pandas()
        assert len(frame) == len(answer.to_polars()) == answer.table().num_rows
        assert pa.table(answer).equals(answer.table())
        assert len(repr(answer).splitlines()) == 1
        assert repr(answer).startswith(f"<{type(answer).__name__} of ")
        assert answer.to_xarray().attrs["backend"] == "ibm_tiny"
        assert_same_after_a_file(answer.to_xarray(), tmp_path / "answer.nc")
        assert not any(np.isinf(column).any() for column in frame.select_dtypes("float").to_numpy().T)


# Drift


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_drift_is_that_of_scipy(missing):
    values = noisy(60, 5, missing=missing) + 1e-6 * np.arange(60).reshape(-1, 1)
    values[:, 3] = np.round(values[:, 3], 5)  # many are equal
    hours = np.cumsum(np.random.default_rng(1).exponential(30, 60))
    hours[7] = hours[8]
    found = series_of(values, hours).drift(confidence=0.9)
    for index, column in enumerate(values.T):
        present = ~np.isnan(column)
        days = (hours[present] - hours[0]) / 24
        expected = stats.theilslopes(column[present], days, 0.9)
        np.testing.assert_allclose(found.slope_per_day[index], expected.slope, rtol=1e-9)
        np.testing.assert_allclose([found.low[index], found.high[index]], expected[2:], rtol=1e-9)
        residuals = column[present] - expected.intercept - expected.slope * days
        spread = np.median(np.abs(residuals)) / stats.norm.ppf(0.75)
        np.testing.assert_allclose(found.spread[index], spread, rtol=1e-6)
        assert found.median[index] == np.median(column[present])
        assert found.count[index] == present.sum()


def test_drift_of_a_line_is_its_slope_although_a_fifth_of_the_values_are_wrong():
    values = 1e-4 + 2e-6 * np.arange(50.0).reshape(-1, 1)
    values[::5] = 1.0
    found = series_of(values).drift()
    np.testing.assert_allclose(found.slope_per_day, 2e-6, rtol=0.2)
    assert "by +1.3" in repr(found) or "% a day" in repr(found)


def test_drift_that_is_not_defined():
    one = series_of(ODD["one calibration"]).drift()
    assert np.isnan(one.slope_per_day).all()
    assert one.spread[:2].tolist() == [0, 0]
    assert one.count.tolist() == [1, 1, 0]
    assert math.isnan(one.median[2])
    constant = series_of(ODD["constant"]).drift()
    assert (constant.slope_per_day.tolist(), constant.spread.tolist()) == ([0] * 3, [0] * 3)
    assert (constant.low.tolist(), constant.high.tolist()) == ([0] * 3, [0] * 3)
    with pytest.raises(IBMInputValueError, match="confidence must be between 0 and 1"):
        series_of(ODD["constant"]).drift(confidence=95)


def test_drift_of_more_pairs_than_memory_has_is_refused():
    with pytest.raises(IBMInputValueError, match=r"A drift of 8193 calibrations is too long.*choose a period"):
        series_of(np.ones((8193, 1))).drift()


def test_tables_of_drifts_have_units():
    frame = series_of(noisy(9, 2)).drift().to_pandas()
    assert frame.attrs["units"] == {"slope_per_day": "s/d", "low": "s/d", "high": "s/d", "median": "s", "spread": "s"}
    data = series_of(noisy(9, 2), gate="cz", quantity="error").drift().to_xarray()
    assert data["slope_per_day"].dims == ("qargs",)
    assert data["slope_per_day"].attrs["units"] == "1/d"
    assert data["qargs"].to_numpy().tolist() == ["0-1", "1-2"]


# Change points


def test_the_statistic_is_that_of_pettitts_paper():
    source = random.Random(5)
    for _ in range(40):
        values = [source.choice([1.0, 2.0, 3.0, 3.5]) if source.random() < 0.5 else source.random() for _ in range(30)]
        statistic = [
            abs(sum(np.sign(before - after) for before in values[:split] for after in values[split:]))
            for split in range(1, 30)
        ]
        found = pettitt(np.array(values))
        assert found.start == 1 + int(np.argmax(statistic))
        expected = 2 * math.exp(-6 * max(statistic) ** 2 / (30**3 + 30**2))
        assert found.probability == pytest.approx(min(1.0, expected), rel=1e-12)


def test_known_steps_are_found_where_they_are():
    values = noisy(300, 3, seed=3)
    values[120:, 0] *= 1.6  # one step
    values[80:200, 1] *= 0.5  # down and up again
    values[50, 1] = 1.0  # and an outlier, which is none
    values[100:110, 2] = np.nan
    found = series_of(values).change_points()
    assert found.qubits.tolist() == [0, 1, 1]
    days = ((found.times - START) / np.timedelta64(1, "D")).astype(int).tolist()
    assert np.abs(np.array(days) - [120, 80, 200]).max() <= 1
    np.testing.assert_allclose(found.after / found.before, [1.6, 0.5, 2.0], rtol=0.06)
    assert (found.probability < 1e-6).all()
    assert found.before[0] == np.median(values[: days[0], 0])
    assert "3 changes" in repr(found)


def test_the_same_values_give_the_same_changes_in_other_units_and_with_gaps():
    values = noisy(200, 1, seed=8)
    values[90:] *= 1.5
    first = series_of(values).change_points()
    for other in (series_of(values * 1e6), series_of(np.log(values))):
        assert other.change_points().times.tolist() == first.times.tolist()
    gappy = values.copy()
    gappy[60:70] = np.nan
    assert series_of(gappy).change_points().times.tolist() == first.times.tolist()


def test_noise_has_no_changes():
    assert len(series_of(noisy(200, 40, seed=11)).change_points()) <= 1
    with pytest.raises(IBMInputValueError, match="significance must be between 0 and 1"):
        series_of(ODD["constant"]).change_points(significance=0)


def test_fewer_than_22_values_have_no_changes_by_default():
    step = np.repeat([1.0, 2.0], 11).reshape(-1, 1)
    assert len(series_of(step).change_points()) == 1
    assert len(series_of(step[1:]).change_points()) == 0


# Outliers


def test_outliers_are_those_of_the_modified_score():
    values = noisy(80, 4, seed=2, missing=0.2)
    values[40, 1], values[13, 2] = 5e-4, 1e-6
    found = series_of(values).outliers()
    scores = 0.6745 * (values - np.nanmedian(values, axis=0)) / stats.median_abs_deviation(values, nan_policy="omit")
    times, columns = np.nonzero(np.abs(scores) > 3.5)
    assert found.times.tolist() == (START + times * np.timedelta64(1, "D")).tolist()
    assert found.qubits.tolist() == columns.tolist()
    np.testing.assert_allclose(found.score, scores[times, columns], rtol=1e-4)
    assert {(1, 5e-4), (2, 1e-6)} <= set(zip(found.qubits.tolist(), found.values.tolist()))


def test_outliers_where_most_values_are_the_same():
    found = series_of(ODD["mostly the same"]).outliers()
    assert found.values.tolist() == [5e-4]
    deviations = np.abs(ODD["mostly the same"][:, found.qubits[0]] - 1e-4)
    assert found.score[0] == pytest.approx(4e-4 / (math.sqrt(math.pi / 2) * deviations.mean()))
    for name in ("constant", "one calibration", "no values", "zeros"):
        assert len(series_of(ODD[name]).outliers()) == 0
    with pytest.raises(IBMInputValueError, match="threshold must be above 0"):
        series_of(ODD["constant"]).outliers(threshold=-1)


# Correlation


@pytest.mark.parametrize("missing", [0.0, 0.25])
@pytest.mark.parametrize("changes", [False, True])
def test_correlations_are_those_of_pandas(missing, changes):
    values = noisy(70, 6, seed=4, missing=missing)
    values[:, 1] = values[:, 0] + 1e-6 * np.arange(70)
    values[:, 2] = np.round(values[:, 2], 5)
    values[:, 5] = 1e-4
    found = series_of(values).correlation(changes=changes)
    frame = pd.DataFrame(values)
    frame = frame.diff().iloc[1:] if changes else frame
    expected = frame.corr("spearman", min_periods=3).to_numpy()
    np.testing.assert_allclose(found.coefficient, expected, atol=1e-12)
    present = frame.notna().to_numpy().astype(int)
    np.testing.assert_array_equal(found.count, present.T @ present)


def test_correlations_have_a_matrix_and_pairs():
    found = series_of(noisy(40, 4), gate="cz", quantity="error").correlation()
    wide, long = found.to_pandas(wide=True), found.to_polars()
    np.testing.assert_array_equal(wide.to_numpy(), found.coefficient)
    assert wide.index.tolist() == wide.columns.tolist() == ["0-1", "1-2", "2-3", "3-4"]
    assert len(long) == 6
    pair = long.filter((pl.col("qargs_a") == "1-2") & (pl.col("qargs_b") == "3-4"))
    assert pair["coefficient"].to_list() == [found.coefficient[1, 3]]
    assert found.to_xarray()["coefficient"].sel(qargs_a="1-2", qargs_b="3-4").item() == found.coefficient[1, 3]


def test_matrices_larger_than_memory_are_refused():
    with pytest.raises(IBMInputValueError, match=r"Correlations of 4097 columns are too many.*choose some by qubits="):
        series_of(np.ones((3, 4097))).correlation()


def test_two_values_do_not_correlate():
    assert np.isnan(series_of(ODD["two calibrations"]).correlation().coefficient).all()


# Stability


def test_the_deviation_is_that_of_the_definition():
    source = np.random.default_rng(6)
    values = noisy(90, 3, seed=6, missing=0.2)
    hours = np.cumsum(source.exponential(20, 90))
    hours[40:] += 300  # a gap of several windows
    found = series_of(values, hours).stability("3d")
    frame = pd.DataFrame(values, index=pd.DatetimeIndex(series_of(values, hours).times))
    means = frame.resample("3D", origin="start").mean()
    steps = means.diff()
    np.testing.assert_allclose(found.allan_deviation, np.sqrt((steps**2).mean() / 2), rtol=1e-9)
    np.testing.assert_array_equal(found.pairs, steps.notna().sum())
    spread = stats.median_abs_deviation(values, nan_policy="omit", scale="normal")
    np.testing.assert_allclose(found.spread, spread, rtol=1e-9)
    np.testing.assert_allclose(found.relative_spread, spread / np.nanmedian(values, axis=0), rtol=1e-9)
    assert found.window == datetime.timedelta(3)


def test_white_noise_is_more_stable_over_longer_windows():
    series = series_of(noisy(4000, 1, seed=9))
    short, long = series.stability("1d"), series.stability("16d")
    assert long.allan_deviation[0] == pytest.approx(short.allan_deviation[0] / 4, rel=0.15)
    assert short.allan_deviation[0] == pytest.approx(np.std(series.values), rel=0.05)


def test_stability_that_is_not_defined():
    assert np.isnan(series_of(ODD["one calibration"]).stability().allan_deviation).all()
    assert np.isnan(series_of(noisy(5, 2)).stability("30d").allan_deviation).all()
    constant = series_of(ODD["constant"]).stability()
    np.testing.assert_allclose(constant.allan_deviation, 0, atol=1e-18)
    assert np.isnan(series_of(ODD["zeros"]).stability().relative_allan_deviation).all()
    with pytest.raises(IBMInputValueError, match="window must be"):
        series_of(ODD["constant"]).stability("soon")


def test_flags_have_no_statistics():
    flags = ArchiveSeries(
        "ibm_tiny", "operational", None, np.array([START]), np.ones((1, 2), bool), np.ones((1, 2), bool), np.arange(2)
    )
    for ask in ("drift", "change_points", "outliers", "correlation", "stability"):
        with pytest.raises(IBMInputValueError, match=r"'operational', which is true or false; .*last_worked"):
            getattr(flags, ask)()


# Questions that need several series


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    with CalibrationArchive(tmp_path_factory.mktemp("questions") / "archive.sqlite3") as archive:
        for device, count in (("lima", 40), ("hanoi", 25)):
            for payloads in Drift(device, step=DAY, fails=0.01).calibrations(count):
                archive.add(Snapshot.from_payloads(*payloads))
        yield archive


def test_the_limits_are_those_of_qiskit_experiments():
    source = np.random.default_rng(3)
    for _ in range(200):
        t1 = source.uniform(1e-5, 4e-4, 2)
        t2 = t1 * source.uniform(0.1, 1.99, 2)
        seconds = source.uniform(0, 3e-5)
        for width in (1, 2):
            expected = RBUtils.coherence_limit(width, list(t1[:width]), list(t2[:width]), seconds)
            relaxation = [(np.array([a]), np.array([b])) for a, b in zip(t1[:width], t2[:width])]
            assert limits(np.array([seconds]), relaxation)[0] == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_limits_of_long_gates_are_those_of_mixed_states():
    forever, once = np.array([1.0]), (np.array([1e-6]), np.array([1e-6]))
    assert limits(forever, [once]) == pytest.approx(1 / 2)
    assert limits(forever, [once, once]) == pytest.approx(3 / 4)
    assert limits(np.array([0.0]), [once, once]) == [0]
    # T2 counts as 2 T1 if it is longer.
    long, allowed = ((np.array([1e-4]), np.array([t2])) for t2 in (9e-4, 2e-4))
    assert limits(np.array([1e-6]), [long]) == limits(np.array([1e-6]), [allowed])


def test_limits_stand_beside_reported_errors(archive):
    found = archive.coherence_limit("lima", "cx", start="2025-01-05")
    for row, time in list(enumerate(found.times))[::9]:
        columns = archive.at("lima", time).columns
        cx = columns.gate("cx")
        order = cx.qargs.tolist()
        for index, qargs in enumerate(found.qubits.tolist()):
            place = order.index(qargs)
            assert found.error[row, index] == cx.error[place]
            t1, t2 = columns.t1[qargs], np.minimum(columns.t2[qargs], 2 * columns.t1[qargs])
            expected = RBUtils.coherence_limit(2, list(t1), list(t2), cx.duration[place])
            assert found.limit[row, index] == pytest.approx(expected, rel=1e-9)
    np.testing.assert_array_equal(found.excess, found.error - found.limit)
    assert len(found.to_pandas()) == found.error.size
    wide = found.to_pandas(wide=True)
    np.testing.assert_array_equal(wide["0-1 limit"].to_numpy(), found.limit[:, found.qubits.tolist().index([0, 1])])
    assert found.to_xarray()["limit"].dims == ("time", "qargs")
    assert archive.coherence_limit("lima", "sx").limit.shape == (40, 5)
    assert (archive.coherence_limit("lima", "rz", qubits=0).limit == 0).all()
    assert len(archive.coherence_limit("lima", "cx", qubits=[(0, 1), (1, 0)])) == 2
    assert repr(found).startswith("<CoherenceLimit of cx of ibmq_lima: 36 calibrations, 8 columns")


def test_limits_of_missing_values_are_missing(tmp_path):
    snapshot = Snapshot.load("lima").with_overrides(
        t2={1: None}, duration={("cx", (3, 4)): None}, error={("cx", (4, 3)): None}
    )
    payloads = json_without_provenance(snapshot)
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        archive.add(payloads)
        found = archive.coherence_limit("lima", "cx")
    missing = {tuple(qargs) for qargs, limit in zip(found.qubits.tolist(), found.limit[0]) if math.isnan(limit)}
    assert missing == {(0, 1), (1, 0), (1, 2), (2, 1), (1, 3), (3, 1), (3, 4)}
    index = found.qubits.tolist().index([4, 3])
    assert math.isnan(found.error[0, index])
    assert math.isnan(found.excess[0, index])
    assert found.to_polars()["limit"].null_count() == 7


def json_without_provenance(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot with the same values, which says nothing of overrides."""
    properties = json.loads(snapshot.payloads.properties)
    known = json.loads(Snapshot.load("lima").payloads.properties).keys()
    return Snapshot.from_payloads(
        snapshot.payloads.configuration, json.dumps({key: properties[key] for key in properties if key in known})
    )


def test_devices_are_ranked_as_by_hand(archive):
    found = archive.ranking("t1", every="12h", max_age="2d")
    assert found.backends == ("ibm_hanoi", "ibmq_lima")
    assert found.times[0] == np.datetime64("2025-01-01")
    assert len(found) == 2 * 39 + 1
    for row, time in enumerate(found.times):
        medians = []
        for name in found.backends:
            snapshot = archive.at(name, time)
            is_old = time - np.datetime64(
                snapshot.last_update.astimezone(datetime.timezone.utc).replace(tzinfo=None)
            ) > np.timedelta64(2, "D")
            medians.append(math.nan if is_old else np.nanmedian(snapshot.columns.t1))
        np.testing.assert_array_equal(found.values[row], medians)
        known = [value for value in medians if not math.isnan(value)]
        expected = [0 if math.isnan(value) else 1 + sum(other > value for other in known) for value in medians]
        assert found.ranks[row].tolist() == expected
    assert found.ranks[-1].tolist() == [0, 1]
    assert found.to_pandas(wide=True)["ibm_hanoi"].isna().sum() == (found.ranks[:, 0] == 0).sum()
    assert found.to_xarray()["rank"].dims == ("time", "backend")
    assert "at last 1 ibmq_lima" in repr(found)


def test_ranking_by_errors_prefers_small_ones_and_looks_back_from_the_first_moment(archive):
    found = archive.ranking("error", gate="cx", start="2025-01-10T06:00", end="2025-01-13", every="1d")
    assert found.times.astype(str).tolist() == [f"2025-01-{day}T06:00:00.000000" for day in (10, 11, 12)]
    assert not np.isnan(found.values).any()
    best = np.argmin(found.values, axis=1)
    assert (found.ranks[np.arange(3), best] == 1).all()


def test_rankings_by_the_longest_lengths_of_time(archive):
    longest = datetime.timedelta.max
    expected = archive.ranking("t1", every="1d", max_age="999999d")
    assert expected.ranks.all()
    np.testing.assert_array_equal(archive.ranking("t1", every="1d", max_age=longest).ranks, expected.ranks)
    assert archive.ranking("t1", every=longest).times.tolist() == expected.times[:1].tolist()


def test_ranks_take_no_more_memory_than_a_few_numbers_for_each_value():
    values = np.random.default_rng(3).integers(0, 9, (5000, 200)).astype(float)
    values[values == 8] = np.nan
    tracemalloc.start()
    found = _ranks(values, "t1")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * values.nbytes
    expected = pd.DataFrame(values).rank(axis=1, method="min", ascending=False).fillna(0).to_numpy()
    np.testing.assert_array_equal(found, expected)
    assert _ranks(np.empty((4, 0)), "t1").shape == (4, 0)


def test_rankings_that_make_no_sense(archive):
    for quantity in ("frequency", "anharmonicity", "operational"):
        with pytest.raises(IBMInputValueError, match="neither more nor less of it is better"):
            archive.ranking(quantity)
    with pytest.raises(ArchiveError, match="no device with the gate 'ecr'"):
        archive.ranking("error", gate="ecr")
    with pytest.raises(ValueError, match="no quantity 't3'"):
        archive.ranking("t3")
    with pytest.raises(IBMInputValueError, match="2 devices have more than 10,000,000 values"):
        archive.ranking("t1", start="1900", every="1min")


def test_rankings_from_the_beginning_of_time_and_of_nothing(archive, tmp_path):
    early = archive.ranking("t1", start="0001", end="0001-01-03")
    assert early.times.astype(str).tolist() == ["0001-01-01T00:00:00.000000", "0001-01-02T00:00:00.000000"]
    assert not early.ranks.any()
    with CalibrationArchive(tmp_path / "empty.sqlite3") as empty:
        nothing = empty.ranking("t1")
    assert (len(nothing), nothing.quantity, nothing.unit, nothing.backends) == (0, "t1", "s", ())
    assert len(nothing.to_pandas()) == 0
    assert repr(nothing) == "<Ranking of 0 devices by t1: 0 moments>"


def test_ranks_are_those_of_scipy():
    source = np.random.default_rng(12)
    values = np.round(source.random((200, 7)), 1)
    values[source.random(values.shape) < 0.3] = np.nan
    for quantity, sign in (("t1", -1), ("error", 1)):
        expected = np.nan_to_num(stats.rankdata(sign * values, "min", axis=1, nan_policy="omit"))
        np.testing.assert_array_equal(_ranks(values, quantity), expected)


def test_equal_devices_share_a_rank(tmp_path):
    lima = Snapshot.load("lima")
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        for name in (b'"ibmq_lima"', b'"ibm_same"'):
            payloads = [each.replace(b'"ibmq_lima"', name) for each in lima.payloads[:2]]
            archive.add(Snapshot.from_payloads(*payloads))
        assert archive.ranking("t1").ranks.tolist() == [[1, 1]]


def works(snapshot: Snapshot, gate: str, qargs: tuple[int, ...]) -> bool:
    """Return whether a gate works, by the models."""
    properties = snapshot.properties
    listed = [each for each in properties.gates if each.gate == gate and tuple(each.qubits) == qargs]
    if not listed or not properties.is_gate_operational(gate, qargs):
        return False
    if not all(properties.is_qubit_operational(qubit) for qubit in qargs):
        return False
    errors = [each.value for each in listed[-1].parameters if each.name == "gate_error"]
    return not errors or errors[-1] < 1


@pytest.mark.parametrize(("gate", "qargs"), [("cx", (0, 1)), ("cx", (3, 4)), ("sx", (2,)), ("x", (4,)), ("cx", (1, 2))])
def test_when_a_gate_last_worked(archive, gate, qargs):
    found = archive.last_worked("lima", gate, qargs if len(qargs) > 1 else qargs[0])
    calibrations = archive.between("lima")
    flags = [works(snapshot, gate, qargs) for snapshot in calibrations]
    assert found.calibrations == len(flags) == 40
    assert found.share == pytest.approx(sum(flags) / 40)
    assert bool(found) is found.works is flags[-1]
    last = max((number for number, flag in enumerate(flags) if flag), default=None)
    assert found.last_worked == (None if last is None else calibrations.times[last])
    since = None if flags[-1] else calibrations.times[0 if last is None else last + 1]
    assert found.failing_since == since
    assert bool(found.reasons) is not found.works
    assert len(found.to_pandas()) == len(found.to_polars()) == 1
    assert repr(found).startswith(f"<LastWorked {gate} on {qargs} of ibmq_lima: ")


def test_reasons_for_a_gate_that_does_not_work(tmp_path):
    lima = Snapshot.load("lima")
    cases = {
        "not listed or not operational": lima.with_overrides(operational={("cx", (0, 1)): False}),
        "error of 1": lima.with_overrides(error={("cx", (0, 1)): 1.0}),
        "qubit 1 is not operational": lima.with_overrides(operational={1: False}),
    }
    for number, (reason, snapshot) in enumerate(cases.items()):
        with CalibrationArchive(tmp_path / f"{number}.sqlite3") as archive:
            archive.add(json_without_provenance(snapshot))
            found = archive.last_worked("lima", "cx", (0, 1))
            assert reason in found.reasons
            assert found.last_worked is None
            assert found.failing_since == lima.last_update
            assert f"never, in 0.0% of 1 calibration; {found.reasons[0]}" in repr(found)
    with CalibrationArchive(tmp_path / "unknown.sqlite3") as archive:
        archive.add(json_without_provenance(lima.with_overrides(error={("cx", (0, 1)): None})))
        assert archive.last_worked("lima", "cx", (0, 1)).works


def test_gates_that_there_never_were(archive):
    with pytest.raises(ArchiveError, match=r"no gate 'cx' on qubits \(0, 4\)"):
        archive.last_worked("lima", "cx", (0, 4))
    with pytest.raises(ArchiveError, match="has no calibrations of 'ibm_nowhere'"):
        archive.last_worked("ibm_nowhere", "cx", (0, 1))


def test_answers_are_compared_by_identity_and_can_be_pickled(archive):
    first, second = (archive.series("lima", "t1").drift() for _ in range(2))
    assert first == first
    assert first != second
    assert len({first, second}) == 2
    again = pickle.loads(pickle.dumps(first))
    np.testing.assert_array_equal(again.slope_per_day, first.slope_per_day)
    assert repr(again) == repr(first)
