internal import DiagFormats
internal import DiagModel

/// Groups the lines of the kernel log that tell of faults: one finding for each kind and device.
struct KernelFaultFinder {
    /// No more findings than this; what is left out is counted.
    static let mostFindings = 50

    private struct Group {
        let pattern: KernelFaultPattern
        let object: String
        let firstText: String
        let firstLine: Int
        var lastLine: Int
        var count: Int
    }

    private var places = [String: Int]()
    private var groups = [Group]()
    /// How many lines told of faults for which there was no room.
    private(set) var leftOutCount = 0

    /// Looks at a record whose text begins at `line` of `kernel.txt`.
    ///
    /// Only what the kernel itself wrote counts: any program with the right may write there too.
    mutating func add(_ message: KernelMessage, atLine line: Int) {
        guard message.facility == 0 else { return }
        for pattern in KernelFaultPattern.all {
            guard let capture = pattern.match(message.text) else { continue }
            let object = Self.object(capture)
            let key = pattern.fault + " " + object
            if let place = places[key] {
                groups[place].count += 1
                groups[place].lastLine = line
            } else if groups.count < Self.mostFindings {
                places[key] = groups.count
                let text = UntrustedText.escapingInvalidUTF8(message.text.prefix(200))
                groups.append(
                    Group(
                        pattern: pattern, object: object,
                        firstText: UntrustedText.escapingControls(text), firstLine: line,
                        lastLine: line, count: 1))
            } else {
                leftOutCount += 1
            }
            return
        }
    }

    /// The findings, in the order of their first lines.
    var findings: [Finding] {
        groups.map { group in
            let times = group.count == 1 ? "once" : "\(group.count) times"
            var evidence = [Finding.Evidence(artifact: "logs/kernel.txt", line: group.firstLine)]
            if group.lastLine != group.firstLine {
                evidence.append(.init(artifact: "logs/kernel.txt", line: group.lastLine))
            }
            return Finding(
                fault: group.pattern.fault,
                severity: Self.severity(of: group.pattern, group.object),
                collector: "logs", object: group.object,
                reason: "\(group.pattern.reason) Logged \(times); first: \(group.firstText)",
                recommendedActions: group.pattern.actions, evidence: evidence)
        }
    }

    /// What `{}` took, without the state that btrfs writes behind the device since Linux 5.18.
    private static func object(_ capture: ArraySlice<UInt8>) -> String {
        guard !capture.isEmpty else { return "host" }
        var text = UntrustedText.escapingInvalidUTF8(capture)
        if let state = text.utf8.firstIndex(of: 0x3A), text[state...].hasPrefix(": state") {
            text = String(text[..<state])
        }
        return UntrustedText.escapingControls(text)
    }

    /// A floppy or optical drive without a medium fails every read; that is no fault of a disk.
    private static func severity(
        of pattern: KernelFaultPattern, _ object: String
    ) -> Finding.Severity {
        let isRemovable = ["fd", "sr"].contains { prefix in
            object.hasPrefix(prefix)
                && object.utf8.dropFirst(2).allSatisfy { (0x30...0x39).contains($0) }
        }
        return isRemovable ? .notice : pattern.severity
    }
}
