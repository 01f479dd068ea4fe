internal import DiagSystem
internal import SystemPackage

/// The programs that run on a host, by the names that the kernel keeps of processes.
///
/// Unlike a pid file or a control group, a process tells that a daemon runs, whoever started it; and
/// unlike its socket it is not started by being asked for.
struct RunningPrograms {
    private var processes: [[UInt8]: [FilePath]] = [:]
    /// Whether there may be processes that are not known.
    private(set) var isPartial = false

    /// As many bytes as the kernel keeps of a name.
    ///
    /// Source: `TASK_COMM_LEN` of include/linux/sched.h, Linux 6.12, without the zero at the end.
    private static let nameLength = 15

    /// Reads the names of all processes, until time runs out.
    ///
    /// /proc/PID/comm takes no lock of the process's memory, as cmdline and exe do, on which a hung
    /// process would keep its reader.
    init(_ tree: RootedTree, until deadline: MonotonicTime) {
        guard let entries = try? tree.directory("/proc").entries(limit: 4 << 20) else { return }
        for entry in entries where entry.name.string.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) {
            guard MonotonicTime.now < deadline else {
                isPartial = true
                return
            }
            let process = FilePath("/proc").appending(entry.name)
            do throws(SystemCallError) {
                var name = try tree.read(process.appending("comm"), limit: 64)
                if name.last == 0x0A { name.removeLast() }
                processes[name, default: []].append(process)
            } catch {
                // What has ended since is no process.
                isPartial =
                    isPartial
                    || error.errno != .noSuchFileOrDirectory
                        && error.errno != .noSuchProcess
            }
        }
    }

    /// Whether a process of this name runs that is of no container.
    func contains(_ name: String, in tree: RootedTree) -> Bool {
        (processes[Array(name.utf8.prefix(Self.nameLength))] ?? []).contains {
            guard let bytes = try? tree.read($0.appending("status"), limit: 16 << 10) else {
                return false
            }
            return Self.isOfHost(String(decoding: bytes, as: UTF8.self))
        }
    }

    /// Whether a process lives, in the PID namespace of the /proc that tells of it.
    ///
    /// Source: proc_pid_status(5); `task_state` of fs/proc/array.c, Linux 6.12: NSpid has one number
    /// for that namespace and one for each below it, up to that of the process.
    private static func isOfHost(_ status: String) -> Bool {
        for line in status.split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == "\t" || $0 == " " })
            switch words.first {
            case "State:" where words.dropFirst().first == "Z" || words.dropFirst().first == "X":
                return false
            case "NSpid:": return words.count == 2
            default: continue
            }
        }
        return true
    }
}
