"""Compares the tools' answers with the program's documents, field by field, from tables of rules.

A rule is one line: the tool's field → our document, the path in it, and how both are brought to
one form. A disagreement fails, and so does a tool that shows nothing where a stack is expected.
"""

from ours import Ours, at

ABSENT = (None, "", [], {})


class Rule:
    """One field. `find(ours, key, row)` gives the record of ours in which `path` is looked up; a
    path that is callable is given that record. `allowed` says why a difference is no fault."""

    def __init__(self, field, find, path, normal=None, allowed=None, theirs=None):
        self.field, self.find, self.path = field, find, path
        self.normal = normal or text
        self.theirs = theirs or self.normal
        self.allowed = allowed


class Table:
    """The rules of one tool. `rows(truth)` gives (key, fields); fewer than `least` rows fail.

    `awaits` begins the names of the documents that the rules look into: with none of them the
    table fails."""

    def __init__(self, tool, rows, least, rules, awaits=None):
        self.tool, self.rows, self.least, self.rules = tool, rows, least, rules
        self.awaits = awaits


def text(value):
    """Words without the blanks around them."""
    return None if value in ABSENT else str(value).strip()


def lower(value):
    """Words in small letters, for hexadecimal."""
    return None if value in ABSENT else str(value).strip().lower()


def number(value):
    """A count, whatever form it is written in."""
    if value in ABSENT:
        return None
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (int, float)):
        return value
    words = str(value).strip()
    try:
        return int(words, 0)
    except ValueError:
        pass
    try:
        return float(words) if "." in words else int(words)
    except ValueError:
        return words


def truth_value(value):
    """Yes or no, in any of the tools' words."""
    if value in ABSENT:
        return None
    if isinstance(value, str):
        return value.strip().lower() in ("1", "yes", "true", "y", "on", "writeable", "active")
    return bool(value)


def hexadecimal(value):
    """A UUID or WWN: its digits alone."""
    if value in ABSENT:
        return None
    digits = "".join(one for one in str(value).lower().removeprefix("0x")
                     if one in "0123456789abcdef")
    return digits or None


def members(value):
    """Several words, in any order."""
    if value in ABSENT:
        return None
    words = value.replace(",", " ").split() if isinstance(value, str) else value
    return sorted(str(one) for one in words)


class Tally:
    """The counts of one tool."""

    def __init__(self):
        self.compared = self.agreed = self.allowed = self.disagreed = self.rows = 0
        self.fields, self.named = set(), set()


def check(results, truth, folder, rules, table_path):
    """Compares everything; prints and keeps the table of agreements."""
    ours = Ours(folder)
    names = folder.names()
    tallies, wrong, allowances = {}, [], {}
    for table in rules.TABLES:
        tally = tallies.setdefault(table.tool, Tally())
        rows = list(table.rows(truth))
        tally.rows += len(rows)
        if len(rows) < table.least:
            wrong.append((table.tool, "", "rows", "%d rows, at least %d expected: is a stack of the"
                          " laboratory missing?" % (len(rows), table.least), ""))
            tally.disagreed += 1
        if table.awaits and not any(name.startswith(table.awaits) for name in names):
            results.check(table.tool, False, "there is no document " + table.awaits + "…")
            continue
        for key, fields in rows:
            tally.fields |= set(fields)
            for rule in table.rules:
                _compare(table.tool, key, fields, rule, ours, tally, wrong, allowances)
    lines = _report(tallies, wrong, allowances)
    with open(table_path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    print("\n".join(lines), flush=True)
    for tool, tally in tallies.items():
        if tally.compared + tally.disagreed == 0:
            continue
        results.check("%s: %d values agree" % (tool, tally.agreed), tally.disagreed == 0,
                      "%d disagree" % tally.disagreed)


def _compare(tool, key, fields, rule, ours, tally, wrong, allowances):
    if rule.field not in fields:
        return
    tally.named.add(rule.field)
    expected = rule.theirs(fields[rule.field])
    if expected is None:
        return
    record = rule.find(ours, key, fields)
    found = rule.path(record) if callable(rule.path) else at(record, rule.path)
    found = rule.normal(found)
    tally.compared += 1
    if found == expected:
        tally.agreed += 1
        return
    reason = rule.allowed(key, fields, found) if callable(rule.allowed) else rule.allowed
    if reason:
        tally.allowed += 1
        allowances.setdefault((tool, rule.field, reason), []).append(key)
    else:
        tally.disagreed += 1
        wrong.append((tool, key, rule.field, expected,
                      "no such record" if record is None else found))


def _report(tallies, wrong, allowances):
    form = "%-22s %5s %9s %7s %8s %10s %13s"
    lines = ["", form % ("tool", "rows", "compared", "agreed", "allowed", "disagreed",
                         "fields unused")]
    for tool, tally in tallies.items():
        unused = len([one for one in tally.fields if one not in tally.named])
        lines.append(form % (tool, tally.rows, tally.compared, tally.agreed, tally.allowed,
                             tally.disagreed, unused))
    for (tool, field, reason), keys in sorted(allowances.items()):
        lines.append("allowed: %s %s of %s: %s" % (tool, field, ", ".join(map(str, keys[:6])),
                                                   reason))
    for tool, key, field, expected, found in wrong:
        lines.append("DISAGREE: %s %s of %s: the tool %r, ours %r" % (tool, field, key, expected,
                                                                      found))
    return lines
