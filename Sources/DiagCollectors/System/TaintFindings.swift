internal import DiagFormats
internal import DiagModel

/// Which taints of the kernel deserve attention, and what to do about them.
enum TaintFindings {
    /// One finding per flag that tells of a fault; licences, signatures and live patches are facts
    /// of `system.json` alone.
    /// `line` is where `kernel.tainted` stands in `sysctl.txt`, from 1.
    static func findings(
        _ taint: KernelTaint, modules: KernelModuleList?, line: Int?
    ) -> [Finding] {
        taint.flags.compactMap { flag in
            guard let (severity, actions) = known[flag.letter] else { return nil }
            var evidence = [Finding.Evidence(artifact: "system/system.json")]
            if let line { evidence.insert(.init(artifact: "system/sysctl.txt", line: line), at: 0) }
            // One line per module, in the same order, as long as every line is a module.
            let listed = modules?.malformedLines.isEmpty == true ? modules?.modules ?? [] : []
            for (index, module) in listed.enumerated() where module.taint.contains(flag.letter) {
                evidence.append(.init(artifact: "system/modules", line: index + 1))
            }
            return Finding(
                fault: "system.kernel.tainted", severity: severity, collector: "system",
                object: "kernel taint \(flag.letter)",
                reason: "Since it was started, something has marked the kernel: \(flag.meaning).",
                recommendedActions: actions, evidence: evidence)
        }
    }

    private static let known: [String: (Finding.Severity, [String])] = [
        "M": (
            .major,
            [
                "Read the kernel log for machine check and EDAC messages.",
                "Check memory, processor and firmware with the vendor's diagnostics.",
            ]
        ),
        "D": (
            .major,
            [
                "Read the first oops or BUG in the kernel log; later ones may follow from it.",
                "Restart the host as soon as it can be spared: locks of the dead task stay taken.",
            ]
        ),
        "B": (
            .major,
            [
                "Read the kernel log for \"Bad page\" messages.",
                "Test the memory; suspect the modules built outside the kernel tree.",
            ]
        ),
        "L": (
            .major,
            [
                "Read the kernel log for \"soft lockup\": it names the processor and the task.",
                "On a virtual machine, check that the hypervisor is not short of processor time.",
            ]
        ),
        "W": (
            .minor,
            ["Read the kernel log for \"WARNING:\" and the call trace that follows it."]
        ),
        "F": (.notice, ["Replace the module that was forced by one built for this kernel."]),
        "R": (.notice, ["Restart the host: a module taken out by force may leave traces."]),
        "S": (
            .notice,
            ["Check for overclocking, unsupported hardware, or programs that write MSRs."]
        ),
    ]
}
