internal import DiagCollect
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Every readable value below /proc/sys, as `name = value` lines sorted by name: `sysctl.txt`.
///
/// A value of several lines has its name on each of them, as sysctl(8) writes it.
struct SysctlWalk {
    let reader: FactReader

    /// Values beyond this many are left out: those of the last network devices.
    static let countLimit = 30_000
    /// Bytes beyond this many are left out.
    static let byteLimit = 4 << 20
    /// Bytes of one value beyond this many are left out.
    static let valueLimit = 16 << 10

    private static let passedOver: Set<String> = [
        "fs/binfmt_misc", "kernel/random/uuid", "vm/stat_refresh", "vm/nr_pdflush_threads",
        "kernel/apparmor_display_secid_mode", "kernel/unprivileged_userns_apparmor_policy",
    ]

    /// What is passed over without a word.
    ///
    /// - `fs/binfmt_misc` may be an automount point: to open it would mount something.
    /// - `kernel/random/uuid` is another value at each reading.
    /// - `vm/stat_refresh` makes every processor work when it is read.
    /// - `base_reachable_time` and `retrans_time` of neighbours, and `nr_pdflush_threads`, are
    ///   deprecated: who reads them is named in the kernel log. Beside the first two stand the same
    ///   with `_ms`. Source: `ndisc_warn_deprecated_sysctl`, net/ipv6/ndisc.c of Linux 6.12, and
    ///   `pdflush_proc_obsolete`, mm/backing-dev.c of Linux 5.10.
    /// - Two of AppArmor's can be read only by who may change its policy, CAP_MAC_ADMIN, which no
    ///   process here keeps. Source: `apparmor_dointvec`, security/apparmor/lsm.c of Linux 6.12.
    /// - `stable_secret` and the keys of TCP Fast Open are secrets.
    private static func isPassedOver(_ path: String) -> Bool {
        passedOver.contains(path)
            || path.hasPrefix("net/") && path.contains("/neigh/")
                && (path.hasSuffix("/base_reachable_time") || path.hasSuffix("/retrans_time"))
            || path.hasSuffix("/stable_secret") || path.hasSuffix("fastopen_key")
            || path.hasSuffix("fastopen_blackhole_key")
    }

    private struct State {
        var lines = [(name: String, text: [UInt8])]()
        var valueCount = 0
        var byteCount = 0
        var refused: [String] = []
        var failed = [String]()
        var stop: String?
    }

    /// Sends `sysctl.txt`.
    ///
    /// - Returns: the number, from 1, of the line of `kernel.tainted`.
    func send() throws -> Int? {
        let root: FilePath = "/proc/sys"
        let directory: Directory
        do throws(SystemCallError) {
            directory = try reader.context.root.directory(root)
        } catch {
            try reader.context.report(error, on: root, into: reader.sink)
            return nil
        }
        var state = State()
        // Network values come last: with very many devices it is they that are cut.
        let names = ((try? directory.entries(limit: 10_000)) ?? [])
        for entry in names.filter({ $0.name.string != "net" })
            + names.filter({ $0.name.string == "net" })
        {
            visit(entry, in: directory, name: entry.name.string, depth: 0, &state)
        }
        state.lines.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        var text = [UInt8]()
        text.reserveCapacity(state.byteCount)
        var taintLine: Int?
        var lineNumber = 1
        for line in state.lines {
            if line.name == "kernel.tainted" { taintLine = lineNumber }
            text += line.text
            lineNumber += line.text.count { $0 == 0x0A }
        }
        // The host's name, addresses in network values: identity.
        try reader.sink.send(
            "sysctl.txt", text, source: root.string, mediaType: "text/plain", privacy: .identity)
        if let stop = state.stop { try reader.sink.send(.truncated(.init(why: stop))) }
        if !state.refused.isEmpty {
            let count = state.refused.count
            let more = count > 8 ? " and \(count - 8) more" : ""
            try reader.sink.missing(
                "/proc/sys: " + state.refused.prefix(8).joined(separator: ", ") + more,
                why: "open: \(Errno.permissionDenied)", remedy: "run as root")
        }
        for failure in state.failed.prefix(16) {
            try reader.sink.missing("/proc/sys", why: failure)
        }
        return taintLine
    }

    private func visit(
        _ entry: Directory.Entry, in directory: Directory, name: String, depth: Int,
        _ state: inout State
    ) {
        guard state.stop == nil, !Self.isPassedOver(name) else { return }
        guard MonotonicTime.now.advanced(bySeconds: 2) < reader.context.deadline else {
            state.stop = "the deadline came near"
            return
        }
        let kind = (try? directory.status(of: entry.name).kind) ?? entry.kind
        if kind == .directory {
            guard depth < 16 else { return }
            do throws(SystemCallError) {
                let inner = try reader.context.root.directory(
                    directory.path.appending(entry.name))
                for child in try inner.entries(limit: 100_000) {
                    visit(
                        child, in: inner, name: name + "/" + child.name.string, depth: depth + 1,
                        &state)
                }
            } catch {
                note(error, on: name, &state)
            }
        } else if kind == .regular {
            read(entry, in: directory, name: name, &state)
        }
    }

    private func read(
        _ entry: Directory.Entry, in directory: Directory, name: String, _ state: inout State
    ) {
        // What nobody may read is there to be written, and acts when it is.
        guard let status = try? directory.status(of: entry.name), status.permissions & 0o444 != 0
        else { return }
        do throws(SystemCallError) {
            let bytes = try directory.attribute(entry.name.string, limit: Self.valueLimit)
            state.valueCount += 1
            if bytes.count >= Self.valueLimit, state.failed.count < 1000 {
                state.failed.append("\(name): only the first \(Self.valueLimit) bytes are kept")
            }
            let shown = Self.shownName(name)
            let prefix = Array((shown + " = ").utf8)
            var text = [UInt8]()
            var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
            if lines.count > 1, lines.last?.isEmpty == true { lines.removeLast() }
            for line in lines { text += prefix + line + [0x0A] }
            guard state.byteCount + text.count <= Self.byteLimit,
                state.valueCount <= Self.countLimit
            else {
                state.stop =
                    "only the first \(state.valueCount - 1) values are kept, network values last"
                return
            }
            state.byteCount += text.count
            state.lines.append((shown, text))
        } catch {
            note(error, on: name, &state)
        }
    }

    private func note(_ error: SystemCallError, on name: String, _ state: inout State) {
        switch error.errno {
        case .permissionDenied, .notPermitted:
            if state.refused.count < 100_000 { state.refused.append(Self.shownName(name)) }
        // Some values have none to give: the feature behind them is off.
        case .noSuchFileOrDirectory, .invalidArgument, .notSupportedOnSocket: break
        default: if state.failed.count < 1000 { state.failed.append(error.description) }
        }
    }

    /// sysctl(8) parts names by dots, and writes a dot of a name, as in a VLAN's, as a slash.
    private static func shownName(_ path: String) -> String {
        UntrustedText.escapingControls(
            String(
                decoding: path.utf8.map { $0 == 0x2F ? 0x2E : $0 == 0x2E ? 0x2F : $0 },
                as: UTF8.self))
    }
}
