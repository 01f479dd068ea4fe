import DiagYAML
import Testing

@testable import DiagDeclared

/// What a file may say by its form, and what would do nothing or fail in every run.
@Suite("What would be accepted and do nothing")
struct DeclarationCheckTests {
    private func fault(_ text: String) -> YAMLError? {
        do {
            _ = try CollectorDeclaration(parsing: Array(text.utf8), named: "x.yaml")
            return nil
        } catch { return error }
    }

    private func expect(_ text: String, _ place: String, _ what: String) throws {
        let error = try #require(fault(text))
        let said = "\(error)"
        #expect(said.hasPrefix("x.yaml:\(place): ") && said.contains(what), "\(said)")
    }

    @Test(
        "An item that could never be collected, or never whole, is told with its place",
        arguments: [
            (
                "  - files: [/a]\n    profiles: [storage]", "8:15",
                "of default, full: the item would never"
            ),
            ("  - command: [ls]\n    to: a\n    risk: R0", "9:11", "at least the risk R1"),
            (
                "  - command: [ls]\n    to: a\n    limits: {seconds: 61}", "9:23",
                "raise `deadline`"
            ),
            ("  - files: [/a]\n    limits: {bytes: 65MiB}", "8:21", "raise `limit`"),
            (
                "  - command: [\"ls -l\"]\n    to: a", "7:15",
                "write each word for itself, `[ls, -l]`"
            ),
            ("  - command: [/bin/ls /a]\n    to: a", "7:15", "`[/bin/ls, /a]`"),
            (
                "  - command: [\"/usr/bin/systemctl status\"]\n    to: a", "7:15",
                "`[/usr/bin/systemctl, status]`"
            ),
            (
                "  - command: [\"ls | wc\"]\n    to: a", "7:15",
                "write each word for itself; no shell takes the words apart"
            ),
            (
                "  - command: ['cat \"a, b\"']\n    to: a", "7:15",
                "write each word for itself; no shell takes the words apart"
            ),
            (
                "  - files: [/etc/x]\n  - command: [ps]\n    to: etc/x", "9:9",
                "the place of the file /etc/x"
            ),
            ("  - files: [/etc/x]\n  - command: [ps]\n    to: etc/x/y", "9:9", "and no folder"),
            (
                "  - files: [/etc/x/y]\n  - command: [ps]\n    to: etc/x", "9:9",
                "is the folder of files"
            ),
            ("  - command: [ls]\n    to: commands.json/a", "8:9", "and no folder"),
            (
                "  - command: [ls]\n    to: a\n    typically: {bytes: 5MiB}", "9:24",
                "5.0 MiB is more than the 4.0 MiB that are kept of it"
            ),
            (
                "  - command: [ls]\n    to: a\n    typically: {bytes: 1025}\n"
                    + "    limits: {bytes: 1KiB}", "9:24", "raise `bytes` of `limits`"
            ),
            (
                "  - command: [ls]\n    to: a\n    typically: {bytes: 1, seconds: 10.5}", "9:36",
                "10.5 s is more than the 10 s that it may take"
            ),
            ("  - command: [ls]\n    to: worker.log/a", "8:9", "what a run writes itself"),
        ])
    func items(item: String, place: String, what: String) throws {
        try expect(yaml(item), place, what)
    }

    @Test(
        "What changes nothing, or may be so, is accepted",
        arguments: [
            "  - files: [/a]\n    profiles: [full, storage]",
            "  - command: [\"/opt/my tool/run\"]\n    to: a",
            "  - files: [\"/etc/*\"]\n  - command: [ps]\n    to: etc/x",
            "  - command: [ls]\n    to: a\n    limits: {seconds: 60}",
            "  - command: [ls]\n    to: a\n    risk: R2",
            "  - command: [ls]\n    to: a\n    typically: {bytes: 4MiB, seconds: 10}",
            "  - command: [ls]\n    to: a\n    typically: {seconds: 12.5}\n"
                + "    limits: {seconds: 13}",
        ])
    func accepted(items: String) {
        #expect(fault(yaml(items)).map { "\($0)" } == nil)
    }

    @Test("What reads media or changes state is of no profile, and no file may say that it is")
    func risk() throws {
        let item = "  - command: [ls]\n    to: a\n    risk: R2"
        let declaration = try CollectorDeclaration(
            parsing: Array(yaml(item).utf8), named: "x.yaml")
        #expect(declaration.profiles.isEmpty)
        try expect(yaml(item, head: "profiles: [full]"), "5:11", "is of no profile")
    }

    @Test(
        "A name that no such thing can have is told with what was meant",
        arguments: [
            (
                "running: [/usr/sbin/sshd]",
                "without folders, but found \"/usr/sbin/sshd\"; did you mean `sshd`?"
            ),
            ("modules: [ext4.ko]", "did you mean `ext4`?"),
            ("modules: [kernel/fs/ext4/ext4.ko.xz]", "did you mean `ext4`?"),
            ("filesystems: [EXT4]", "did you mean `ext4`?"),
            ("distribution: [Debian]", "did you mean `debian`?"),
            ("distribution: [Red Hat]", "expected a name"),
            ("config: [\"CONFIG_BPF=y\"]", "did you mean `CONFIG_BPF`?"),
            ("config: [BPF]", "such as `CONFIG_BPF`"),
            ("commands: [bin/ls]", "begins with `/`"),
        ])
    func names(when: String, what: String) throws {
        let error = try #require(fault(yaml("  - files: [/a]\n    when: {\(when)}")))
        #expect("\(error)".contains(what), "\(error)")
    }
}
