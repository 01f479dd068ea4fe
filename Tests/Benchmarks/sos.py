"""The default `diagbundle collect` beside `sos report --batch`, in turn on one machine."""
import re
import shutil
import statistics
import subprocess
import tarfile
import time

import measure

SOS_PATIENCE_SECONDS = 1800


class SosReport:
    """A finished `sos report --batch`."""

    def __init__(self, program, folder):
        # sos puts its working directory first on Python's path. It must not find this file there.
        begin = time.perf_counter()
        process = subprocess.run(
            [program, "report", "--batch", "--tmp-dir", str(folder)], cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=SOS_PATIENCE_SECONDS, check=False)
        self.wall_seconds = time.perf_counter() - begin
        text = process.stdout.decode("utf-8", "replace")
        archives = [path for path in folder.iterdir()
                    if re.search(r"\.tar(\.(xz|gz|bz2))?$", path.name)]
        if process.returncode != 0 or len(archives) != 1:
            raise measure.Broken(f"sos ended with {process.returncode} and {len(archives)} "
                                 f"archives: {text.strip()[-300:]}")
        version = re.search(r"version ([\w.~-]+)", text)
        self.version = version.group(1) if version else "of unknown version"
        self.content = Content(archives[0])


class Content:
    """The size of an archive and what it holds."""

    def __init__(self, path):
        self.byte_count = path.stat().st_size
        self.member_count = self.file_count = self.unpacked_byte_count = 0
        with tarfile.open(path) as archive:
            for member in archive:
                self.member_count += 1
                if member.isfile():
                    self.file_count += 1
                    self.unpacked_byte_count += member.size

    def __str__(self):
        return (f"{self.byte_count:,} bytes, {self.member_count:,} members, of them "
                f"{self.file_count:,} files with {self.unpacked_byte_count:,} bytes")


def run(options):
    program = shutil.which("sos")
    if not program:
        raise measure.Unmeasured("sos is not installed (Debian: sosreport)")
    measure.need_root("sos report")
    ours, theirs = [], []
    for number in range(-1, options.runs):
        measure.say("warm-up" if number < 0 else f"run {number + 1} of {options.runs}")
        with measure.TemporaryFolder() as folder:
            collection = measure.collect(options.binary, folder)
            # The bundle is gone after this block.
            collection.content = Content(collection.bundle)
        with measure.TemporaryFolder() as folder:
            report = SosReport(program, folder)
        if number >= 0:
            ours.append(collection)
            theirs.append(report)
    return outcome(ours, theirs)


def outcome(ours, theirs):
    whole = [report.wall_seconds for report in theirs]
    collecting = [collection.collect_seconds for collection in ours]
    sealed = [collection.wall_seconds for collection in ours]

    def ratios(parts):
        return [part / all_of_it for part, all_of_it in zip(parts, whole)]

    figures = [
        measure.Figure(f"`sos report --batch` (sos {theirs[-1].version})", "–", whole,
                       measure.seconds),
        measure.Figure("`diagbundle collect`, collecting", "–", collecting, measure.seconds),
        measure.Figure("`diagbundle collect`, bundle sealed", "–", sealed, measure.seconds),
        measure.Figure("collecting ÷ sos", "at most 0.100", ratios(collecting), measure.factor,
                       0.1),
        measure.Figure("bundle sealed ÷ sos", "at most 0.333", ratios(sealed), measure.factor,
                       1 / 3),
    ]
    notes = [f"bundle: {ours[-1].content} (last run)",
             f"archive of sos: {theirs[-1].content} (last run)",
             "the two do not collect the same: unpacked, the bundle has "
             f"{ours[-1].content.unpacked_byte_count / theirs[-1].content.unpacked_byte_count:.2f} "
             "times the bytes of the archive of sos, and the ratios above are not per byte"]
    return measure.Outcome(figures, notes + where_the_time_goes(ours))


def where_the_time_goes(collections):
    """One line per collector; they run side by side, so their seconds do not add up."""

    def median(values):
        known = [value for value in values if value is not None]
        return statistics.median(known) if known else None

    lines = []
    for report in collections[-1].manifest["reports"]:
        name = report["collector"]
        reports = [collection.report(name) for collection in collections]
        busy = median([each.get("processorSeconds") for each in reports])
        peak = median([each.get("peakResidentByteCount") for each in reports])
        lines.append(
            f"{name}: {median([each['seconds'] for each in reports]):.3f} s, "
            + ("processor time unknown, " if busy is None else f"{busy:.3f} s of processor, ")
            + ("peak unknown, " if peak is None else f"{measure.mebibytes(peak)} resident, ")
            + f"{report['artifactCount']} artifacts with {report['byteCount']:,} bytes, "
            + f"{report['outcome']}")
    rest = [each.wall_seconds - each.collect_seconds - each.seal_seconds for each in collections]
    lines.append(
        f"sealing: {median([each.seal_seconds for each in collections]):.3f} s; starting, ending "
        f"and showing the result: {median(rest):.3f} s (medians; collectors run side by side)")
    return lines
