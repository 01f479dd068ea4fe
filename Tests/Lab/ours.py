"""Looks things up in the program's documents, by the names that the tools use."""

import json


class Ours:
    """The host folder, with its graph indexed by name."""

    def __init__(self, folder):
        self.folder = folder
        graph = folder.json("storage/topology.json") or {"nodes": [], "edges": []}
        self.nodes = {node["id"]: node for node in graph["nodes"]}
        self.edges = graph["edges"]
        self._by_name = {}
        for node in graph["nodes"]:
            if node["kind"] not in ("mount", "fileSystem", "swap", "bus"):
                self._by_name.setdefault(node["name"], node)
            number = node["attributes"].get("dev")
            if number and node["kind"] not in ("fileSystem", "mount"):
                self._by_name.setdefault(number, node)
        self._below = {}
        for edge in self.edges:
            self._below.setdefault(edge["from"], []).append(edge["to"])
        self._above = {}
        for edge in self.edges:
            self._above.setdefault(edge["to"], []).append(edge["from"])
        self._lines = {}

    def node(self, name):
        """The node of a block device or controller, by name or by major:minor."""
        return self._by_name.get(name)

    def children(self, node, *kinds):
        """What stands on a node, of these kinds."""
        return [self.nodes[one] for one in self._below.get((node or {}).get("id"), [])
                if self.nodes[one]["kind"] in kinds]

    def parents(self, node, *kinds):
        """What a node stands on, of these kinds; all when none is named."""
        return [self.nodes[one] for one in self._above.get((node or {}).get("id"), [])
                if not kinds or self.nodes[one]["kind"] in kinds]

    def mount(self, identifier):
        """The node of a mount, by its identifier in the mount table."""
        for node in self.nodes.values():
            if node["kind"] == "mount" and node["attributes"].get("mountID") == identifier:
                return node
        return None

    def of_kind(self, *kinds):
        """All nodes of these kinds."""
        return [node for node in self.nodes.values() if node["kind"] in kinds]

    def device(self, name):
        """The line of a device in `storage/devices.jsonl`."""
        return self._named("storage/devices.jsonl", "name").get(name)

    def mapped(self, name):
        """The line of a device-mapper device in `storage/device-mapper/…`."""
        return self._named("storage/device-mapper/", "name").get(name)

    def _named(self, prefix, key):
        """The lines of all documents whose name begins so, by one of their members."""
        if prefix not in self._lines:
            found = self._lines[prefix] = {}
            for document in self.folder.names():
                if document.startswith(prefix) and document.endswith(".jsonl"):
                    for line in self.folder.bytes(document).splitlines():
                        record = json.loads(line)
                        if key in record:
                            found[record[key]] = record
        return self._lines[prefix]

    def document(self, path):
        """A whole document, or None."""
        return self.folder.json(path)


def at(value, path):
    """What stands at `a/b/0` of a document; `a|b` is the first of two that is there.

    A name that holds a slash itself is found before its parts are."""
    for one in path.split("|"):
        found = _at(value, one)
        if found is not None:
            return found
    return None


def _at(value, path):
    if value is None or path == "":
        return value
    if isinstance(value, dict):
        if path in value:
            return value[path]
        parts = path.split("/")
        for length in range(len(parts) - 1, 0, -1):
            head = "/".join(parts[:length])
            if head in value:
                return _at(value[head], "/".join(parts[length:]))
        return None
    if isinstance(value, list):
        head, _, rest = path.partition("/")
        if head.isdigit() and int(head) < len(value):
            return _at(value[int(head)], rest)
    return None
