internal import DiagCollect
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Finds the threads in uninterruptible sleep, at the start of a run and again at its end.
///
/// Source: proc(5), /proc/PID/task/TID/{stat,wchan,syscall,stack} and /proc/PID/fd; the last three
/// need root. Only links are read of the files that tasks hold.
struct BlockedTaskScan {
    /// How many tasks are described at most.
    private static let taskLimit = 2000
    /// Less apart than this, two looks say nothing.
    private static let leastSeconds = 1.0

    private let root: RootedTree
    private var reader = AttributeReader()
    private let architecture: String
    private let firstLook = MonotonicTime.now
    private(set) var tasks: [BlockedTask] = []
    private var isCut = false

    /// Looks at all threads below `root`.
    init(_ root: RootedTree) {
        self.root = root
        architecture = HostFacts.names.machine
        tasks = look()
    }

    private mutating func look() -> [BlockedTask] {
        guard let folder = try? root.directory("/proc"), let entries = try? folder.entries() else {
            return []
        }
        var found = [BlockedTask]()
        for entry in entries {
            guard let process = Int(entry.name.string),
                let threads = try? folder.directory(entry.name.string + "/task"),
                let names = try? threads.entries(limit: 1_000_000)
            else { continue }
            for name in names {
                // Most threads are asked no more than this: a host may have a hundred thousand.
                guard let thread = Int(name.name.string), isBlocked(name.name.string, of: threads),
                    let directory = try? threads.directory(name.name.string),
                    let (comm, state) = Self.state(directory), state == "D"
                else { continue }
                guard found.count < Self.taskLimit else {
                    isCut = true
                    return found
                }
                found.append(task(process, thread, comm, directory))
            }
        }
        return found
    }

    /// Whether the letter behind the outermost parentheses says so.
    private mutating func isBlocked(_ thread: String, of threads: Directory) -> Bool {
        guard let range = reader.read(thread + "/stat", of: threads),
            let close = reader.page[range].lastIndex(of: 0x29), close + 2 < range.upperBound
        else { return false }
        return reader.page[close + 2] == 0x44  // D
    }

    /// The name and state of a thread: what stands in the outermost parentheses, and the letter
    /// behind them.
    private static func state(_ directory: Directory) -> (name: String, state: Character)? {
        guard let stat = directory.text("stat"), let open = stat.firstIndex(of: "("),
            let close = stat.lastIndex(of: ")"), open < close,
            let state = stat[close...].dropFirst(2).first
        else { return nil }
        let name = String(stat[stat.index(after: open)..<close])
        return (UntrustedText.escapingControls(name), state)
    }

    private func task(
        _ process: Int, _ thread: Int, _ name: String, _ directory: Directory
    ) -> BlockedTask {
        func meaningful(_ name: String) -> String? {
            directory.text(name).flatMap { ["", "0", "running"].contains($0) ? nil : $0 }
                .map { UntrustedText.escapingControls($0) }
        }
        let stack = (directory.text("stack") ?? "").split(separator: "\n").map { line in
            UntrustedText.escapingControls(String(line.drop { $0 != " " }.drop { $0 == " " }))
        }
        let call = meaningful("syscall")
        var path: String?
        if let call,
            let number = BlockedTask.fileDescriptor(ofCall: call, architecture: architecture),
            let target = try? root.readLink(FilePath("/proc/\(process)/fd/\(number)"))
        {
            path = UntrustedText.escapingControls(
                UntrustedText.escapingInvalidUTF8(target.string.utf8))
        }
        return BlockedTask(
            process: process, thread: thread, name: name, waitChannel: meaningful("wchan"),
            systemCall: call, kernelStack: stack, path: path)
    }

    /// Looks again at those that were found, and finds what each waits for.
    ///
    /// - Parameters:
    ///   - graph: The graph whose devices kernel threads are named after.
    ///   - fileSystem: The node of the file system that a path lies on.
    mutating func lookAgain(_ graph: StorageGraph, fileSystem: (String) -> String?) {
        let isLater = MonotonicTime.now.seconds(since: firstLook) >= Self.leastSeconds
        for index in tasks.indices {
            let task = tasks[index]
            let byName = BlockedTask.deviceWords(in: task.name).lazy
                .compactMap { graph.id(of: $0) }.first
            tasks[index].place = task.path.flatMap(fileSystem) ?? byName
            guard isLater else { continue }
            let folder = FilePath("/proc/\(task.process)/task/\(task.thread)")
            guard let directory = try? root.directory(folder),
                let (name, state) = Self.state(directory), name == task.name, state == "D"
            else {
                tasks[index].isStillBlocked = false
                continue
            }
            let now = self.task(task.process, task.thread, name, directory)
            tasks[index].isStillBlocked =
                now.kernelStack == task.kernelStack && now.waitChannel == task.waitChannel
                && now.systemCall == task.systemCall
        }
    }

    /// Sends `blocked-tasks.json`, and gives what is wrong.
    func send(into sink: any CollectionSink) throws -> [Finding] {
        try sink.sendJSON(
            "blocked-tasks.json", BlockedTaskDocument(tasks: tasks), source: "/proc",
            privacy: .identity)
        if isCut {
            try sink.send(
                .truncated(.init(why: "only the first \(Self.taskLimit) tasks are described")))
        }
        return tasks.filter { $0.isStillBlocked == true }.map { task in
            let wait = task.waitChannel ?? task.kernelStack.first ?? "the kernel"
            let object = task.path.map { " at \($0)" } ?? ""
            return Finding(
                fault: "storage.task.blocked", severity: .minor, collector: "storage",
                object: "\(task.name) (\(task.thread))", place: task.place,
                reason: "The task \(task.name), thread \(task.thread), stood in \(wait)\(object) "
                    + "all the time of this run, and cannot be ended until what it waits for "
                    + "answers.",
                recommendedActions: [
                    "See its kernel stack, and how the device or file system below it is.",
                    "Look in the kernel log for errors, resets or timeouts of that device.",
                ], evidence: [.init(artifact: "storage/blocked-tasks.json")])
        }
    }
}

/// `blocked-tasks.json`.
struct BlockedTaskDocument: Codable, Hashable {
    /// `diagbundle.blocked-tasks/1`.
    var schema = "diagbundle.blocked-tasks/1"
    /// The tasks by process and thread.
    var tasks: [BlockedTask]
}
