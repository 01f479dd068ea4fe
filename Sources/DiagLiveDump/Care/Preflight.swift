public import DiagModel
public import DiagSystem
internal import SystemPackage

/// Whether a dump can be made now, asked before anything is read of the kernel's memory.
///
/// Everything is read below a root, so that a fixture answers as a host does.
public struct Preflight: Sendable {
    /// What is to be dumped, and where to.
    public struct Request: Sendable {
        /// Which of the two dumps.
        public var kind: LiveDumpReport.Kind
        /// Which classes of pages are left out.
        public var level: Int
        /// Whether shortage of memory forbids the dump; `ignore` skips these checks alone.
        public var onPressure: LiveDumpOptions.OnPressure
        /// The most bytes that the file may have; none for no limit.
        public var maxByteCount: Int64?
        /// Bytes of memory that the dump sets aside.
        public var budgetByteCount: UInt64
        /// About how many bytes the file will have; none when that is not known yet.
        public var estimatedByteCount: UInt64?
        /// Where the file goes; none when it is not written.
        public var output: FileSystemPlace?
        /// The processor architecture, as uname(2) gives it.
        public var machine: String

        /// A request with the given options; nothing is known of size and place yet.
        public init(
            options: LiveDumpOptions, budgetByteCount: UInt64, estimatedByteCount: UInt64? = nil,
            output: FileSystemPlace? = nil, machine: String = HostFacts.names.machine
        ) {
            kind = options.kind
            level = options.level
            onPressure = options.onPressure
            maxByteCount = options.maxByteCount
            self.budgetByteCount = budgetByteCount
            self.estimatedByteCount = estimatedByteCount
            self.output = output
            self.machine = machine
        }
    }

    /// What was found.
    public struct Findings: Hashable, Sendable {
        /// What forbids the dump, the most fundamental first; empty when it can be made.
        public var obstacles: [LiveDumpReport.Obstacle] = []
        /// What should be known, and forbids nothing.
        public var warnings: [String] = []
        /// What the stacks of threads and processors will lack. Stacks that were read say
        /// themselves what they lack: these are for where none are read.
        public var stackWarnings: [String] = []
        /// The rights of this process.
        public var rights: HostRights
        /// Bytes of memory of the machine; none where /proc/meminfo cannot be read.
        public var totalMemory: UInt64?
        /// Bytes that can be had without swapping.
        public var availableMemory: UInt64?

        /// The first obstacle, as an error.
        public var refusal: LiveDumpError? {
            obstacles.first.map { LiveDumpError($0.cause, $0.message, remedy: $0.remedy) }
        }

        /// Whether the text of the stacks can be had: whatever forbids the dump, but not while
        /// memory is short.
        public var allowsTextStacks: Bool {
            obstacles.allSatisfy { $0.cause != .memoryPressure }
        }
    }

    let tree: RootedTree
    let request: Request

    /// Asks the host below `tree` about `request`.
    public static func check(_ request: Request, in tree: RootedTree) -> Findings {
        let preflight = Preflight(tree: tree, request: request)
        var findings = Findings(rights: HostRights.read(in: tree))
        preflight.checkMachine(&findings)
        preflight.checkSource(&findings)
        preflight.checkRights(&findings)
        preflight.checkConfidentialGuest(&findings)
        preflight.checkOutput(&findings)
        preflight.checkMemory(&findings)
        return findings
    }

    /// The text of a small file; `nil` when it cannot be read.
    func text(_ path: String, limit: Int = 65_536) -> String? {
        (try? tree.read(.init(path), limit: limit)).map { String(decoding: $0, as: UTF8.self) }
    }

    private func checkMachine(_ findings: inout Findings) {
        guard !["x86_64", "aarch64"].contains(request.machine) else { return }
        let machine = UntrustedText.escapingControls(request.machine)
        findings.obstacles.append(
            .init(
                cause: .unsupported,
                message: "dump this kernel: the architecture \(machine) is not one whose memory"
                    + " layout is known here; x86_64 and aarch64 are",
                remedy: "Use kdump, or the hypervisor's own dump."))
    }
}
