import DiagLiveDump
import DiagTerminal
import SystemPackage

/// What stands in the manual pages beside the texts of the help.
enum ManualSupplement {
    /// What stands in the page of the command that `words` name.
    static func of(_ words: [String], in tree: CommandTree) -> ManualPage.Supplement {
        let said = tree[words].map(Self.texts) ?? ""
        let isMain = words.isEmpty
        return ManualPage.Supplement(
            exitCodes: isMain
                ? ExitStatus.allCases.map { ("\($0.rawValue)", $0.meaning) } : [],
            files: files.filter { isMain || said.contains($0.path) },
            examples: examples[words.joined(separator: " ")] ?? [])
    }

    /// All that the help of a command says.
    private static func texts(_ command: CommandTree.Command) -> String {
        ([command.discussion] + (command.arguments ?? []).map(\.abstract)).compactMap(\.self)
            .joined(separator: "\n")
    }

    private static let files: [(path: String, meaning: String)] = [
        (
            Settings.standardPath,
            "Defaults of the options, one \"name: value\" on a line. See diagbundle-config(1)."
        ),
        (
            CollectorCatalogue.standardFolder.string,
            "The host's own collectors, one YAML file each. See diagbundle-collectors(1)."
        ),
        (
            CollectorCatalogue.standardPluginFolder.string,
            "The host's own plugins, each a program and the YAML file that describes it. See"
                + " diagbundle-collectors(1)."
        ),
        ("/var/lib/diagbundle/dumps", "Live dumps for which no folder was named."),
        (
            DumpHistory().path.string,
            "When the last live dumps began, and how fast they were: of the time between two."
        ),
        (DumpLock.folder.appending(DumpLock.name).string, "Locked while a live dump is made."),
    ]

    private static let examples: [String: [ManualPage.Example]] = [
        "": [
            .init("Collect what most support cases need, as root:", "diagbundle collect"),
            .init("See what is in the bundle, and check it:", "diagbundle verify host.tar.xz"),
        ],
        "collect": [
            .init(
                "Collect everything there is, of the last day, for a case:",
                "diagbundle collect --profile full --since 24h --case 4711 --output /srv/logs"),
            .init("Network and services alone:", "diagbundle collect --only network services"),
            .init(
                "A disk of another host, mounted below /mnt:", "diagbundle collect --root /mnt"),
            .init(
                "The bundle alone, compressed with zstd:",
                "diagbundle collect --compression zstd --archive-only"),
        ],
        "subsystems": [
            .init("For a program:", "diagbundle subsystems --json")
        ],
        "verify": [
            .init("Check a bundle that came by mail:", "diagbundle verify host.tar.xz"),
            .init(
                "One that is encrypted and signed:",
                "diagbundle verify host.tar.xz.age --identity key.txt --signers customers"),
        ],
        "list": [
            .init("The members of a bundle:", "diagbundle list host.tar.xz"),
            .init("Those of one in volumes:", "diagbundle list host.tar.xz.001"),
        ],
        "cat": [
            .init("The page for a person:", "diagbundle cat host.tar.xz summary.txt")
        ],
        "grep": [
            .init(
                "What do the logs say of one disk?",
                "diagbundle grep -n 'nvme0n1|sda' host.tar.xz logs")
        ],
        "extract": [
            .init(
                "Unpack the logs into a folder:",
                "diagbundle extract host.tar.xz logs --directory /srv/case")
        ],
        "archive": [
            .init("Seal a host folder:", "diagbundle archive logs/host --output host.tar.xz"),
            .init("Make a zip of it:", "diagbundle archive logs/host --output host.zip"),
            .init(
                "So that one person alone can read it, and sees that it is from you:",
                "diagbundle archive logs/host --output host.tar.xz --encrypt-to support.pub"
                    + " --sign ~/.ssh/id_ed25519"),
            .init(
                "For a portal that takes files of 25 MB:",
                "diagbundle archive logs/host --output host.tar.xz --split 25MB"),
            .init("Join the volumes:", "cat host.tar.xz.[0-9]* > host.tar.xz"),
        ],
        "dump full": [
            .init("What would a dump need here?", "diagbundle dump full --dry-run"),
            .init("Make one:", "diagbundle dump full --output /srv/dump"),
        ],
        "dump stacks": [
            .init("What is every thread at?", "diagbundle dump stacks --output /srv/dump")
        ],
        "dump info": [.init("What is this file?", "diagbundle dump info LiveDump.kdump")],
        "dump convert": [
            .init(
                "Leave out the pages of processes, for a reader without zstd:",
                "diagbundle dump convert vmcore small.kdump --level 31 --compress zlib")
        ],
        "collectors list": [
            .init("All collectors, one's own included:", "diagbundle collectors list")
        ],
        "collectors show": [
            .init(
                "Begin with one of the program's:",
                "diagbundle collectors show network > my-network.yaml")
        ],
        "collectors check": [
            .init("Is it right?", "diagbundle collectors check my-app.yaml")
        ],
        "collectors new": [
            .init("Begin a collector:", "diagbundle collectors new my-app"),
            .init("Begin a plugin:", "diagbundle collectors new my-plugin --plugin"),
        ],
        "schema": [
            .init("For an editor:", "diagbundle schema collector > collector.schema.json")
        ],
        "config show": [.init("All values:", "diagbundle config show")],
        "completion": [
            .init(
                "For all users of bash:",
                "diagbundle completion bash > /etc/bash_completion.d/diagbundle")
        ],
        "manual": [
            .init("Read a page:", "diagbundle manual dump full | man -l -"),
            .init(
                "Install all pages:",
                "diagbundle manual --all --output /usr/local/share/man/man1"),
        ],
    ]
}

extension ExitStatus {
    /// What the code means, for a manual page.
    var meaning: String {
        switch self {
        case .complete: "complete; what is absent does not count"
        case .failed: "failed; or what was verified differs, or nothing matched"
        case .partial:
            "partial: a valid bundle with something missing, or a part saved of a damaged one"
        case .usage: "wrong usage"
        case .unavailable: "the source, or a program that an option needs, does not exist here"
        case .cannotCreate: "the output cannot be created"
        case .inputOutput:
            "input/output error: disk full, output hung, encrypting or signing failed; for grep also"
                + " a damaged bundle"
        case .temporarilyRefused:
            "refused for now: another run is at work in the same output folder; a dump under"
                + " memory pressure, beside another, or too soon after the last"
        case .notPermitted: "not permitted, or no key at hand opens the bundle"
        case .interrupted: "interrupted; the bundle is sealed and holds what was collected"
        }
    }
}
