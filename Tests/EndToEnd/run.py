#!/usr/bin/env python3
"""Runs every end-to-end test: DIAGBUNDLE=path/to/diagbundle run.py [-v] [PART OF A TEST NAME...]

Prints failures with their reasons; the last line is `end to end: N passed, N failed, N skipped`.
No test can hold the others up: each has an alarm, and whatever it started is killed when it ends.
"""

import glob
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import harness  # noqa: E402

SECONDS_PER_TEST = 300


class Late(AssertionError):
    """A test took too long."""


class Result(unittest.TestResult):
    """Counts, prints what went wrong at once, and bounds every test."""

    def __init__(self, verbose):
        super().__init__()
        self.verbose = verbose
        self.passed = 0
        self.failed_names = []
        self.began = 0.0

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()
        self.subtests_failed = False
        signal.alarm(getattr(getattr(test, test._testMethodName, None), "seconds",
                             SECONDS_PER_TEST))

    def stopTest(self, test):
        signal.alarm(0)
        for identifier in harness.descendants(os.getpid()):
            try:
                os.kill(identifier, signal.SIGKILL)
            except ProcessLookupError:
                pass
        harness.reap_orphans(0)
        super().stopTest(test)

    def say(self, word, test, text=""):
        print("%-4s %s (%.1f s)%s" % (word, test.id(), time.monotonic() - self.began,
                                      ": " + text if text else ""), flush=True)

    def addSuccess(self, test):
        if self.subtests_failed:
            return
        self.passed += 1
        if self.verbose:
            self.say("ok", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.say("skip", test, reason)

    def fail(self, test, error):
        self.failed_names.append(test.id())
        text = "".join(traceback.format_exception(*error))
        self.say("FAIL", test)
        print("     " + text[-6000:].rstrip().replace("\n", "\n     "), flush=True)

    def addFailure(self, test, error):
        self.fail(test, error)

    def addError(self, test, error):
        self.fail(test, error)

    def addSubTest(self, test, subtest, error):
        if error is not None:
            if not self.subtests_failed:
                self.fail(subtest, error)
            else:
                text = "".join(traceback.format_exception(*error))
                print("     " + text[-3000:].replace("\n", "\n     "), flush=True)
            self.subtests_failed = True


def flatten(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flatten(test)
        else:
            yield test


def main(arguments):
    verbose = "-v" in arguments
    parts = [argument for argument in arguments if argument != "-v"]
    passed = failed = skipped = 0
    if not os.access(harness.BINARY, os.X_OK):
        print("%s cannot be run; set DIAGBUNDLE to the built program" % harness.BINARY)
        print("end to end: 0 passed, 1 failed, 0 skipped")
        return 1

    def late(*_):
        raise Late("the test did not end within its time")
    signal.signal(signal.SIGALRM, late)
    # What a test leaves behind stays below this process, where it is found and killed.
    harness.become_subreaper()
    result = Result(verbose)
    loader = unittest.TestLoader()
    names = sorted(os.path.basename(path)[:-3]
                   for path in glob.glob(os.path.join(glob.escape(HERE), "test_*.py")))
    suite = unittest.TestSuite(loader.loadTestsFromName(name) for name in names)
    chosen = [test for test in flatten(suite)
              if not parts or any(part in test.id() for part in parts)]

    def stop(*_):
        raise SystemExit("stopped by SIGTERM")
    signal.signal(signal.SIGTERM, stop)
    tempfile.tempdir = tempfile.mkdtemp(prefix="diagbundle-tests-")
    os.chmod(tempfile.tempdir, 0o755)
    try:
        unittest.TestSuite(chosen).run(result)
    except Late as error:
        print("FAIL between two tests: %s" % error)
        result.failed_names.append("between two tests")
    finally:
        signal.alarm(0)
        for identifier in harness.descendants(os.getpid()):
            try:
                os.kill(identifier, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(tempfile.tempdir, ignore_errors=True)
    passed, failed = result.passed, len(result.failed_names)
    skipped = len(result.skipped)
    if failed:
        print("failed:\n  " + "\n  ".join(result.failed_names))
    print("end to end: %d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
