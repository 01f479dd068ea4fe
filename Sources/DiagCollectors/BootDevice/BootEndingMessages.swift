internal import DiagModel

/// What the messages of a boot tell of its end.
struct BootEndingMessages {
    private static let unitLimit = 64
    private static let textLimit = 400

    /// The last sign of an orderly end.
    private(set) var shutdown: String?
    /// The last fault after which the kernel stops.
    private(set) var kernelFault: String?
    private(set) var failedUnits = [String]()
    private(set) var reachedEmergency = false
    private var lastCount = 0

    /// Takes a message among the last of the boot, the newest first.
    mutating func addLast(_ line: String) {
        let message = Self.message(line)
        lastCount += 1
        // The managers of users have such targets, too.
        let isShutdown =
            line.contains(" systemd[1] ")
            && Self.finalTargets.contains(where: message.text.contains)
            || message.sender == "systemd-shutdown"
            // The journal is stopped when its service is restarted, too; then more follows.
            || message.sender == "systemd-journald" && message.text.hasPrefix("Journal stopped")
                && lastCount <= 8
        // Whichever of the two came later tells the end: a fault may have come long before.
        if shutdown == nil, kernelFault == nil, isShutdown { shutdown = Self.safe(message.text) }
        if kernelFault == nil, shutdown == nil, message.sender == "kernel",
            Self.faultSigns.contains(where: message.text.contains)
        {
            kernelFault = Self.safe(message.text)
        }
        addAny(line)
    }

    /// Takes any message of the boot.
    mutating func addAny(_ line: String) {
        let (sender, text) = Self.message(line)
        guard sender.hasPrefix("systemd") else { return }
        if text.contains("Reached target emergency") || text.contains("Reached target rescue")
            || text.contains("You are in emergency mode")
        {
            reachedEmergency = true
        }
        // `a.service: Failed with result 'exit-code'.`
        guard let range = text.ranges(of: ": Failed with result").first else { return }
        let unit = Self.safe(String(text[..<range.lowerBound]))
        guard failedUnits.count < Self.unitLimit, !failedUnits.contains(unit) else { return }
        failedUnits.append(unit)
    }

    /// Sources: systemd 257, src/shutdown/shutdown.c, src/core/unit.c, src/journal/journald-server.c
    /// and the descriptions of its final targets.
    private static let finalTargets = [
        "Shutting down.", "Reached target System Power Off",
        "Reached target System Reboot", "Reached target System Halt", "Reached target Power-Off",
        "Reached target Reboot", "Reached target Halt", "Reached target poweroff.target",
        "Reached target reboot.target", "Reached target halt.target",
        "Reached target shutdown.target", "Reached target System Shutdown",
        "Reached target Shutdown", "Reached target kexec.target",
        "Reached target Reboot via kexec", "Reached target soft-reboot.target",
    ]

    /// Sources: Linux 6.12, kernel/panic.c, arch/x86/kernel/dumpstack.c, arch/x86/mm/fault.c.
    private static let faultSigns = [
        "Kernel panic - not syncing", "Oops: ", "Unable to handle kernel",
        "BUG: unable to handle", "kernel BUG at", "Internal error: Oops",
    ]

    /// Sender and text of a line `TIME HOST SENDER[PID] PRIORITY: TEXT`.
    static func message(_ line: String) -> (sender: String, text: String) {
        let parts = line.split(separator: " ", maxSplits: 2)
        guard parts.count == 3, let colon = parts[2].ranges(of: ": ").first else {
            return ("", line)
        }
        let sender = parts[2][..<colon.lowerBound].prefix { $0 != "[" && $0 != " " }
        var text = parts[2][colon.upperBound...]
        while text.last == "\n" { text.removeLast() }
        return (String(sender), String(text))
    }

    private static func safe(_ text: String) -> String {
        UntrustedText.escapingControls(String(text.prefix(textLimit)))
    }
}

extension BootHistoryDocument.Timing {
    /// Takes systemd's summary of the start, where `line` is that.
    ///
    /// Source: systemd 257, src/core/manager.c `manager_notify_finished`:
    /// `Startup finished in 3.2s (firmware) + … + 1min 2.5s (userspace) = 1min 9s.`
    mutating func read(_ line: String) {
        let (sender, text) = BootEndingMessages.message(line)
        guard sender == "systemd", text.hasPrefix("Startup finished in "),
            text.contains("(kernel)") || text.contains("(userspace)")
        else { return }
        let sides = text.dropFirst(20).split(separator: "=", maxSplits: 1)
        guard sides.count == 2, text.contains("(kernel)") else { return }
        for part in sides[0].split(separator: "+") {
            guard let open = part.firstIndex(of: "("), let close = part.firstIndex(of: ")"),
                open < close, let seconds = Self.seconds(part[..<open])
            else { continue }
            switch part[part.index(after: open)..<close] {
            case "firmware": firmwareSeconds = seconds
            case "loader": loaderSeconds = seconds
            case "kernel": kernelSeconds = seconds
            case "initrd": initrdSeconds = seconds
            case "userspace": userspaceSeconds = seconds
            default: break
            }
        }
        totalSeconds = Self.seconds(sides[1])
        message = UntrustedText.escapingControls(String(text.prefix(400)))
    }

    /// A time as systemd writes it: `1min 2.503s`, `850ms`. Source: systemd.time(7).
    static func seconds(_ text: Substring) -> Double? {
        var total = 0.0
        var count = 0
        for word in text.split(whereSeparator: { $0 == " " }) {
            var word = word
            if word.last == "." { word = word.dropLast() }
            let digits = word.prefix { $0.isNumber || $0 == "." }
            let units = ["us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600, "d": 86_400]
            guard let number = Double(digits), let unit = units[String(word[digits.endIndex...])]
            else { return nil }
            total += number * unit
            count += 1
        }
        // To the microsecond, which is what systemd counts.
        return count > 0 ? (total * 1e6).rounded() / 1e6 : nil
    }
}
