"""Makes the trees of other distributions that `roots` beside this lists."""

import os

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "roots")


def make(name, root):
    """Makes the tree of roots/NAME.txt below `root`."""
    with open(os.path.join(FOLDER, name + ".txt"), encoding="utf-8") as file:
        lines = iter(file.read().splitlines())
    for line in lines:
        if not line or line.startswith("#"):
            continue
        if " -> " in line:
            path, target = line.split(" -> ", 1)
            os.symlink(target, place(root, path))
        elif line.endswith("/") and " = " not in line:
            os.makedirs(place(root, line.rstrip("/")), exist_ok=True)
        elif " <<" in line:
            path, end = line.split(" <<", 1)
            text = ""
            for more in iter(lambda: next(lines), end):
                text += more + "\n"
            write(place(root, path), text)
        else:
            path, text = line.split(" = ", 1)
            write(place(root, path), text.replace("\\n", "\n") + "\n")


def place(root, path):
    """The path of a file, with the folders on the way to it."""
    whole = os.path.join(root, path)
    os.makedirs(os.path.dirname(whole), exist_ok=True)
    return whole


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
