"""Why a laboratory run cannot go on: neither is a failure of the program under test."""


class Unavailable(Exception):
    """QEMU or a package is missing here and cannot be had; the run is skipped."""


class Infrastructure(Exception):
    """The laboratory itself failed: no image, no boot, a guest that stalls."""
