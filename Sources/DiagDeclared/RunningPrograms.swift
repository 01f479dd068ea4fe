internal import DiagSystem
internal import SystemPackage

/// The programs that run on a host, by the names that the kernel keeps of processes.
///
/// Unlike a pid file or a control group, a process tells that a daemon runs, whoever started it; and
/// unlike its socket it is not started by being asked for. Anybody can give a process a name: where
/// that must not be believed, a file that only the daemon can write is asked for as well.
struct RunningPrograms {
    private var processes: [[UInt8]: [FilePath]] = [:]
    /// Why there may be processes that are not known.
    private(set) var gap: Gap?

    enum Gap {
        /// Not all of them were looked at.
        case outOfTime
        /// /proc is mounted so that it hides those of others, or it cannot be read.
        case hidden
    }

    /// As many bytes as the kernel keeps of a name.
    ///
    /// Source: `TASK_COMM_LEN` of include/linux/sched.h, Linux 6.12, without the zero at the end.
    private static let nameLength = 15

    /// Reads the names of all processes, until time runs out.
    ///
    /// /proc/PID/comm takes no lock of the process's memory, as cmdline does, on which a hung process
    /// would keep its reader.
    init(_ tree: RootedTree, until deadline: MonotonicTime) {
        let entries: [Directory.Entry]
        do throws(SystemCallError) {
            entries = try tree.directory("/proc").entries(limit: 4 << 20)
        } catch {
            if error.errno != .noSuchFileOrDirectory { gap = .hidden }
            return
        }
        // Whoever sees init sees all (proc(5), hidepid). Where there is no process at all, as in the
        // folder for procfs of a disk that is only mounted, none is hidden.
        var seesInit = false
        var seesAny = false
        for entry in entries where entry.name.string.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) {
            guard MonotonicTime.now < deadline else {
                gap = .outOfTime
                return
            }
            seesAny = true
            let process = FilePath("/proc").appending(entry.name)
            // What cannot be read has ended since, or is hidden as init is.
            guard var name = try? tree.read(process.appending("comm"), limit: 64) else { continue }
            if name.last == 0x0A { name.removeLast() }
            processes[name, default: []].append(process)
            seesInit = seesInit || entry.name.string == "1"
        }
        if seesAny, !seesInit { gap = .hidden }
    }

    /// Whether a process of this name runs that is of no container; `nil` when that is not known.
    func contains(_ name: String, in tree: RootedTree) -> Bool? {
        let name = Array(name.utf8)
        var isKnown = gap == nil
        for process in processes[Array(name.prefix(Self.nameLength))] ?? [] {
            guard let bytes = try? tree.read(process.appending("status"), limit: 16 << 10),
                Self.isOfHost(String(decoding: bytes, as: UTF8.self))
            else { continue }
            guard let isCalledSo = Self.isCalled(name, process, in: tree) else {
                isKnown = false
                continue
            }
            if isCalledSo { return true }
        }
        return isKnown ? false : nil
    }

    /// Whether a process whose short name is the start of `name` has the whole of it; `nil` when
    /// that is not known.
    ///
    /// One that is no longer than what the kernel keeps is that name itself, as ps shows it. Of a
    /// longer one the program tells whose link /proc/PID/exe is. Where the short name is not that
    /// program's own, as of a script, whose link shows its interpreter, the start is enough. Reading
    /// the link takes no lock of the memory, and goes to no file system.
    private static func isCalled(
        _ name: [UInt8], _ process: FilePath, in tree: RootedTree
    ) -> Bool? {
        guard name.count > nameLength else { return true }
        let target: FilePath
        do throws(SystemCallError) { target = try tree.readLink(process.appending("exe")) } catch {
            // A thread of the kernel has no program, and one that has ended none any more.
            let isGone = [.noSuchFileOrDirectory, .noSuchProcess].contains(error.errno)
            return isGone ? false : nil
        }
        var program = target.bytes.split(separator: 0x2F).last ?? []
        // What the kernel adds where the file was replaced, by an update say.
        let deleted = Array(" (deleted)".utf8)
        if program.suffix(deleted.count) == deleted[...] { program.removeLast(deleted.count) }
        guard program.starts(with: name.prefix(nameLength)) else { return true }
        return program.elementsEqual(name)
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
