"""Reads the host folder that the program made in the guest."""

import json
import os
import tarfile


class HostFolder:
    """One `logs/<host>/`, unpacked on this machine."""

    def __init__(self, path):
        self.path = path
        self._documents = {}

    @classmethod
    def unpack(cls, archive, folder):
        """Unpacks what the guest handed over: a tar of its output folder."""
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        inside = [name for name in os.listdir(folder)
                  if os.path.isfile(os.path.join(folder, name, "manifest.json"))]
        if len(inside) != 1:
            raise ValueError("%s holds %d host folders" % (folder, len(inside)))
        return cls(os.path.join(folder, inside[0]))

    def has(self, name):
        """Whether an artifact is there."""
        return os.path.isfile(os.path.join(self.path, name))

    def json(self, name):
        """A JSON document, or None."""
        if name not in self._documents:
            try:
                with open(os.path.join(self.path, name), encoding="utf-8") as file:
                    self._documents[name] = json.load(file)
            except OSError:
                self._documents[name] = None
        return self._documents[name]

    def bytes(self, name):
        """The bytes of an artifact, or None."""
        try:
            with open(os.path.join(self.path, name), "rb") as file:
                return file.read()
        except OSError:
            return None

    def names(self):
        """All artifacts, sorted."""
        return sorted(os.path.relpath(os.path.join(place, name), self.path)
                      for place, _, files in os.walk(self.path) for name in files)

    def findings(self):
        """The faults found."""
        document = self.json("findings.json")
        return document.get("findings", []) if isinstance(document, dict) else document or []
