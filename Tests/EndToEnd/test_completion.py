"""Completion of command lines in bash, zsh and fish, each by the shell itself."""

import os
import shutil
import subprocess
import unittest

import harness
from harness import USAGE

OWN = """schema: diagbundle.collector/1
name: my-app
subject: an application
description: For the tests.
items:
  - files: [/etc/hostname]
"""

# What the line editor of bash does: it sets the words and calls the function of the program.
BASH = r"""
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
COMP_LINE="${COMP_WORDS[*]}"
COMP_POINT=${#COMP_LINE}
function=$(complete -p diagbundle | sed -n 's/.*-F \([^ ]*\) .*/\1/p')
"$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


def needs(program):
    """Skips a test that needs a shell that is not installed."""
    return unittest.skipIf(shutil.which(program) is None, "%s is not installed" % program)


class CompletionTest(harness.Case):
    """`diagbundle completion SHELL`, in that shell."""

    def setUp(self):
        super().setUp()
        # The scripts ask the program by the name that was typed.
        self.folder = self.path("bin")
        os.makedirs(self.folder)
        os.symlink(harness.BINARY, os.path.join(self.folder, "diagbundle"))
        self.work = self.path("work")
        os.makedirs(os.path.join(self.work, "logs folder"))
        for name in ("profile.yaml", "host.tar.xz", "vmcore"):
            harness.write(os.path.join(self.work, name), "")
        self.own = self.path("collectors.d")
        os.makedirs(self.own)
        harness.write(os.path.join(self.own, "my-app.yaml"), OWN)

    def script(self, shell):
        """The script for `shell`, in a file."""
        outcome = harness.run("completion", shell)
        self.assertEqual(outcome.status, 0, str(outcome))
        path = self.path("script." + shell)
        harness.write(path, outcome.out)
        return path

    def call(self, *arguments, **options):
        """Runs a shell with the program in PATH; what it printed."""
        environment = dict(os.environ, HOME=self.path("."),
                           PATH=self.folder + ":" + os.environ["PATH"])
        process = subprocess.run(
            arguments, cwd=self.work, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=60,
            **options)
        self.assertEqual(process.stderr, "")
        self.assertEqual(process.returncode, 0, process.stdout)
        return process.stdout.splitlines()

    def bash(self, *words):
        """What bash offers for the last word."""
        return [line for line in self.call("bash", "--norc", "-c", BASH, "bash",
                                           self.script("bash"), "diagbundle", *words) if line]

    def fish(self, line):
        """What fish offers at the end of a line."""
        return [found.split("\t")[0] for found in self.call(
            "fish", "--no-config", "-c", 'source $argv[1]; complete -C "$argv[2]"',
            self.script("fish"), "diagbundle " + line)]

    def test_a_shell_that_there_is_no_script_for(self):
        outcome = harness.run("completion", "tcsh")
        self.assertEqual(outcome.status, USAGE)
        self.assertIn("There are: bash, zsh, fish", outcome.err)

    def test_each_shell_accepts_its_script(self):
        for shell in ("bash", "zsh", "fish"):
            with self.subTest(shell):
                if shutil.which(shell) is None:
                    self.skipTest("%s is not installed" % shell)
                self.assertEqual(self.call(shell, "-n", self.script(shell)), [])

    def test_bash_completes_commands_options_and_values(self):
        cases = [
            (["coll"], ["collect", "collectors"]),
            (["collectors", "s"], ["show"]),
            (["collect", "--on"], ["--only"]),
            (["collect", "--only", "ker"], ["kernel"]),
            (["collect", "--only", "kernel", "loca"], ["locale"]),
            (["collect", "--only", "kernel", "--inc"],
             ["--include-persistent-events", "--include-live-dump"]),
            (["collect", "--only", "kernel,loca"], ["kernel,locale"]),
            (["collect", "--only", "=", "ker"], ["kernel"]),
            (["collect", "--profile", "f"], ["full"]),
            (["collect", "--profile", "p"], ["profile.yaml"]),
            (["collect", "--output", "l"], ["logs folder"]),
            (["collect", "--progress", "j"], ["json"]),
            (["collect", "--collectors", self.own, "--only", "my-"], ["my-app"]),
            (["verify", "h"], ["host.tar.xz"]),
            (["verify", "v"], ["vmcore"]),
            (["grep", "sda", "h"], ["host.tar.xz"]),
            (["plan", "--output", "v"], ["vmcore"]),
            (["plan", "-o", "v"], ["vmcore"]),
            (["plan", "-o", "l"], ["logs folder"]),
            (["collect", "--plan", "h"], ["host.tar.xz"]),
            (["collect", "--config", "v"], ["vmcore"]),
            (["collect", "--config", "=", "v"], ["vmcore"]),
            (["collect", "--root", "v"], []),
            (["collect", "--root", "l"], ["logs folder"]),
            (["collectors", "check", "v"], ["vmcore"]),
            (["archive", "l"], ["logs folder"]),
            (["archive", "v"], []),
            (["extract", "vmcore", "-C", "l"], ["logs folder"]),
            (["dump", "info", "v"], ["vmcore"]),
            (["dump", "full", "--compress", "z"], ["zstd", "zlib"]),
            (["schema", "manif"], ["manifest"]),
            (["completion", "b"], ["bash"]),
            (["help", "dump", "in"], ["info"]),
            (["collect", "--json", "--nonsense", "--case", "x"], []),
            (["nonsense", "c"], []),
        ]
        for words, expected in cases:
            with self.subTest(" ".join(words)):
                self.assertEqual(self.bash(*words), expected)

    def test_bash_is_offered_no_hidden_command_and_no_flag_twice(self):
        self.assertNotIn("worker", self.bash(""))
        self.assertIn("collect", self.bash(""))
        self.assertIn("--include-live-dump", self.bash("collect", "--"))
        self.assertNotIn("--include-live-dump",
                         self.bash("collect", "--include-live-dump", "--"))

    @needs("fish")
    def test_fish_completes_commands_options_and_values(self):
        cases = [
            ("coll", ["collect", "collectors"]),
            ("collect --only ker", ["kernel"]),
            ("collect --only=ker", ["--only=kernel"]),
            ("collect --only kernel loca", ["locale"]),
            ("collect --profile f", ["full"]),
            ("collect --profile p", ["profile.yaml"]),
            ("verify h", ["host.tar.xz"]),
            ("verify v", ["vmcore"]),
            ("plan --output v", ["vmcore"]),
            ("plan --output=v", ["--output=vmcore"]),
            ("collect --config v", ["vmcore"]),
            ("collect --root v", []),
        ]
        for line, expected in cases:
            with self.subTest(line):
                self.assertEqual(sorted(self.fish(line)), sorted(expected))

    @needs("zsh")
    def test_zsh_completes_at_its_own_prompt(self):
        cases = [
            ("diagbundle collect --onl", "diagbundle collect --only"),
            ("diagbundle collect --only kern", "diagbundle collect --only kernel"),
            ("diagbundle collect --only=kern", "diagbundle collect --only=kernel"),
            ("diagbundle collect --only kernel loca", "diagbundle collect --only kernel locale"),
            ("diagbundle verify ho", "diagbundle verify host.tar.xz"),
            ("diagbundle verify vm", "diagbundle verify vmcore"),
            ("diagbundle plan --output vm", "diagbundle plan --output vmcore"),
            ("diagbundle collect --config=vm", "diagbundle collect --config=vmcore"),
            ("diagbundle schema manif", "diagbundle schema manifest"),
        ]
        script = self.script("zsh")
        for typed, expected in cases:
            with self.subTest(typed):
                self.assertEqual(self.zsh(script, typed), expected)

    def zsh(self, script, typed):
        """What a line is after TAB, at the prompt of a zsh on a terminal of its own."""
        program = r"""
            zmodload zsh/zpty
            zpty -b shell zsh -f -i
            zpty -w shell "PS1='READY>'; stty -echo 2>/dev/null; cd $1"
            zpty -w shell "autoload -Uz compinit; compinit -u -D; source $2"
            zpty -w shell 'show() { print -r -- "LINE<$BUFFER>"; }; zle -N show'
            zpty -w shell "bindkey '^Xs' show"
            zpty -w shell 'print LOADED$((1))'
            zpty -r -m shell out '*LOADED1*' || exit 1
            zpty -w -n shell "$3"$'\t'
            sleep ${4}
            zpty -w -n shell $'\x18s'
            zpty -r -m shell out '*LINE<*>*' || exit 1
            print -r -- "$out"
            zpty -d shell
        """
        environment = dict(os.environ, HOME=self.path("."), TERM="dumb",
                           PATH=self.folder + ":" + os.environ["PATH"])
        for pause in ("1", "5"):
            process = subprocess.run(
                ["zsh", "-f", "-c", program, "zsh", self.work, script, typed, pause],
                env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, check=False, timeout=20)
            self.assertEqual(process.returncode, 0, process.stdout)
            line = process.stdout.rpartition("LINE<")[2].partition(">")[0].strip()
            if line != typed:
                break
        return line


class CompletionOfEveryOptionTest(harness.Case):
    """Whoever adds an option says what its value may be."""

    # Times, sizes, numbers and texts that only the person knows.
    FREE = {"--since", "--case", "--deadline", "--seal-deadline", "--jobs", "--max-size",
            "--subsystem", "--dump-max-size", "--dump-originator", "--dump-threads",
            "--originator", "--reason", "--dump-reason", "--threads", "--memory",
            "--split"}

    # What names a file or a folder, and which of both is offered.
    FOLDERS = {"--collectors", "--plugins", "--root", "--output", "--directory"}
    FILES = {"--config", "--plan", "--profile", "--identity", "--signers", "--sign",
             "--encrypt-to"}

    def test_each_option_that_names_a_file_or_folder_offers_all_of_them(self):
        found = set()
        for words, command in harness.commands(harness.command_tree()):
            for option in command.get("arguments", []):
                names = ["-" * (1 + (one["kind"] == "long")) + one["name"]
                         for one in option.get("names") or []]
                known = [name for name in names if name in self.FOLDERS | self.FILES]
                if option["kind"] != "option" or not option["shouldDisplay"] or not known:
                    continue
                found.update(known)
                is_file = known[0] in self.FILES or (
                    known[0] == "--output" and words in (["plan"], ["archive"]))
                for name in names:
                    offered = harness.run("complete", "--", *words, name, "").out.splitlines()
                    self.assertEqual(offered[0], "files" if is_file else "folders",
                                     "%s %s" % (words, name))
        self.assertEqual(found, self.FOLDERS | self.FILES)

    def test_each_option_with_a_value_is_completed_or_free(self):
        tree = harness.command_tree()
        for words, command in harness.commands(tree):
            for option in command.get("arguments", []):
                if option["kind"] != "option" or not option["shouldDisplay"]:
                    continue
                name = "--" + [one["name"] for one in option["names"]
                               if one["kind"] == "long"][0]
                outcome = harness.run("complete", "--", *words, name, "")
                self.assertEqual(outcome.status, 0, str(outcome))
                offered = outcome.out.splitlines()
                self.assertEqual(offered == ["none"], name in self.FREE,
                                 "%s %s: %s" % (words, name, offered))
