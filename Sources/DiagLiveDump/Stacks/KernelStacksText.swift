public import DiagModel

/// Kernel stacks as a text for people: `LiveDump-stacks.txt`.
///
/// Processors first, then blocked threads with what they wait for, then all stacks by how many
/// threads have them, then a line for each thread. What processes chose is escaped.
public enum KernelStacksText {
    /// How many threads of a stack are listed by number.
    private static let memberLimit = 32
    /// How many different names of them.
    private static let nameLimit = 12

    private struct Members {
        var names: [String: Int] = [:]
        var states: [String: Int] = [:]
        /// The first of them.
        var threads: [Int32] = []
    }

    /// The whole text.
    public static func render(_ stacks: KernelStacks) -> String {
        var text = ""
        render(stacks) { text += $0 }
        return text
    }

    /// The text in parts, for documents of many threads.
    public static func render(_ stacks: KernelStacks, write: (String) -> Void) {
        let page = Page(stacks)
        write(page.header)
        write(page.processors)
        page.blocked(write)
        page.groups(write)
        page.threads(write)
    }

    private struct Page {
        let stacks: KernelStacks
        /// The indices of the threads.
        private let byNumber: [Int32: Int]
        /// The threads of each stack.
        let members: [Members]

        init(_ stacks: KernelStacks) {
            self.stacks = stacks
            byNumber = Dictionary(
                stacks.threads.enumerated().lazy.map { ($1.thread, $0) }
            ) { first, _ in first }
            var members = [Members](repeating: Members(), count: stacks.stacks.count)
            for thread in stacks.threads {
                guard let stack = thread.stack, members.indices.contains(stack) else { continue }
                // Workers of the kernel have a number each; they count as one.
                let name = thread.name.hasPrefix("kworker/") ? "kworker/*" : thread.name
                members[stack].names[name, default: 0] += 1
                members[stack].states[thread.state, default: 0] += 1
                if members[stack].threads.count < memberLimit {
                    members[stack].threads.append(thread.thread)
                }
            }
            self.members = members
        }

        private func thread(_ number: Int32) -> KernelStacks.Thread? {
            byNumber[number].map { stacks.threads[$0] }
        }

        // MARK: - Header

        var header: String {
            var text = "Kernel stacks of \(stacks.host.isEmpty ? "a host" : safe(stacks.host)): "
            text += "Linux \(safe(stacks.kernelRelease))"
            text += " on \(safe(stacks.machine))\n"
            text += "Taken \(stacks.taken) in \(DurationText.measured(seconds: stacks.seconds)): "
            text += "\(counted(stacks.threads.count, "thread")) of "
            text += "\(counted(stacks.processCount, "process", "processes")), "
            text += "\(counted(stacks.stacks.count, "different stack"))"
            text += stacks.isComplete ? "\n" : ", NOT COMPLETE\n"
            let states = stacks.states.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            if !states.isEmpty {
                text += "States: "
                text += states.map { "\($0.value) \(Page.word($0.key)) (\(safe($0.key)))" }
                    .joined(separator: ", ")
                text += "\n"
            }
            if !stacks.lacks.isEmpty {
                text += "Not here:\n"
                for lack in stacks.lacks { text += "  - \(safe(lack))\n" }
            }
            return text
        }

        /// What a letter of /proc/PID/stat stands for. Source: Linux 6.1 fs/proc/array.c,
        /// `task_state_array`.
        private static func word(_ state: String) -> String {
            switch state {
            case "R": "running or ready"
            case "S": "sleeping"
            case "D": "blocked"
            case "T": "stopped"
            case "t": "traced"
            case "X": "dead"
            case "Z": "zombie"
            case "P": "parked"
            case "I": "idle in the kernel"
            default: "in another state"
            }
        }

        // MARK: - Processors

        var processors: String {
            guard !stacks.processors.isEmpty else { return "" }
            let sampled = stacks.processors.count { $0.mode != .unknown }
            var text = title("PROCESSORS: \(stacks.processors.count) online, \(sampled) sampled")
            for processor in stacks.processors where processor.mode != .unknown {
                text += describe(processor)
            }
            // One reason often holds for all of them.
            let unknown = stacks.processors.filter { $0.mode == .unknown }
            let problems = Dictionary(grouping: unknown) { $0.problem ?? "no sample" }
            for problem in problems.keys.sorted() {
                let numbers = (problems[problem] ?? []).map { "\($0.number)" }
                text += "CPU \(numbers.joined(separator: " "))  not known: \(safe(problem))\n"
            }
            return text
        }

        private func describe(_ processor: KernelStacks.Processor) -> String {
            let place = processor.place.map { safe($0) } ?? "an unknown place"
            var text = "CPU \(processor.number)  "
            switch processor.mode {
            case .idle: text += "idle, at \(place)\n"
            case .unknown: text += "not known\n"
            case .user, .kernel:
                let name = processor.name.map { safe($0) } ?? "a thread that has ended"
                text += "\(name) [\(processor.thread ?? 0)]"
                if let process = processor.process, process != processor.thread {
                    text += " of process \(process)"
                }
                text +=
                    processor.mode == .user
                    ? ", in its own code at \(place)\n" : ", in the kernel at \(place)\n"
            }
            if let problem = processor.problem { text += "    (\(safe(problem)))\n" }
            text += registers(of: processor)
            return text + frames(processor.frames)
        }

        private func registers(of processor: KernelStacks.Processor) -> String {
            var text = ""
            var column = 0
            for name in processor.registers.keys.sorted(by: Page.isBefore) {
                let value = processor.registers[name] ?? ""
                // No system call: -1.
                if name == "orig_rax", value == "0xffffffffffffffff" { continue }
                text += column % 4 == 0 ? (column == 0 ? "    " : "\n    ") : "  "
                text += pad(safe(name), 8) + " " + pad(safe(value), 18)
                column += 1
            }
            return column == 0 ? "" : text.trimmingLines() + "\n"
        }

        /// Instruction and stack pointer first, then by name with numbers as numbers.
        private static func isBefore(_ left: String, _ right: String) -> Bool {
            func key(_ name: String) -> (Int, String, Int) {
                let rank = ["rip", "pc", "rsp", "sp", "rbp"].firstIndex(of: name) ?? 9
                let letters = name.prefix { !$0.isNumber }
                return (rank, String(letters), Int(name.dropFirst(letters.count)) ?? -1)
            }
            return key(left) < key(right)
        }

        // MARK: - Blocked threads

        func blocked(_ write: (String) -> Void) {
            guard !stacks.blocked.isEmpty else {
                write(title("BLOCKED: no thread is in uninterruptible sleep"))
                return
            }
            write(
                title(
                    "BLOCKED: \(counted(stacks.blocked.count, "thread")) in uninterruptible "
                        + "sleep, longest first"))
            var shown = [Int: Int32]()
            for blocked in stacks.blocked {
                let thread = thread(blocked.thread)
                var text = thread.map { name($0) } ?? "[\(blocked.thread)]"
                if let seconds = blocked.seconds {
                    text += ", for about \(DurationText.measured(seconds: seconds))"
                }
                text += "\n    \(safe(blocked.wait.reason))\n"
                if let stack = thread?.stack, stacks.stacks.indices.contains(stack) {
                    if let first = shown[stack] {
                        text += "    stack #\(stack + 1), as of thread \(first)\n"
                    } else {
                        shown[stack] = blocked.thread
                        text += frames(stacks.stacks[stack].frames)
                    }
                } else if let channel = thread?.waitChannel {
                    text += "      in \(safe(channel))\n"
                }
                write(text)
            }
        }

        // MARK: - Groups

        func groups(_ write: (String) -> Void) {
            guard !stacks.stacks.isEmpty else { return }
            write(
                title(
                    "STACKS: \(counted(stacks.stacks.count, "different stack")), those of "
                        + "blocked threads first, then by how many threads have them"))
            for (index, stack) in stacks.stacks.enumerated() {
                let group = members[index]
                var text = "#\(index + 1)  \(counted(stack.count, "thread")): "
                text += names(group)
                if stack.isSampled { text += ", sampled while it ran" }
                if stack.count > 1, !group.threads.isEmpty {
                    text += "\n    threads " + group.threads.map { "\($0)" }.joined(separator: " ")
                    if stack.count > group.threads.count {
                        text += " and \(stack.count - group.threads.count) more"
                    }
                }
                write(text + "\n" + frames(stack.frames))
            }
        }

        /// The names of a stack's threads with how many have each, and their states when these
        /// are not all asleep.
        private func names(_ group: Members) -> String {
            let sorted = group.names.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            var text = sorted.prefix(nameLimit).map { name, count in
                count == 1 ? safe(name) : "\(safe(name)) ×\(count)"
            }.joined(separator: ", ")
            if sorted.count > nameLimit { text += " and \(sorted.count - nameLimit) more names" }
            if group.names.count == 1, group.threads.count == 1, let thread = group.threads.first {
                text = self.thread(thread).map { name($0) } ?? text
            }
            let others = group.states.filter { $0.key != "S" && $0.key != "I" }
                .sorted { $0.key < $1.key }
            for (state, count) in others { text += ", \(count) \(Page.word(state))" }
            return text
        }

        // MARK: - Threads

        func threads(_ write: (String) -> Void) {
            guard !stacks.threads.isEmpty else { return }
            write(title("THREADS: \(stacks.threads.count), by process and number"))
            write("    PID     TID  STATE CPU   USER   STACK  NAME, SYSTEM CALL OR WAIT\n")
            for thread in stacks.threads {
                var text = lead("\(thread.process)", 7) + " " + lead("\(thread.thread)", 7) + "  "
                text += pad(safe(thread.state), 5)
                text += lead(thread.processor.map { "\($0)" } ?? "-", 4)
                text += " " + lead(thread.user.map { "\($0)" } ?? "-", 6) + " "
                let stack = thread.stack.flatMap { stacks.stacks.indices.contains($0) ? $0 : nil }
                text += lead(stack.map { "#\($0 + 1)" } ?? "-", 7) + "  "
                text += (thread.isKernelThread ? "[\(safe(thread.name))]" : safe(thread.name))
                if let call = thread.systemCall {
                    text += ", in \(describe(call))"
                    if let channel = thread.waitChannel { text += " at \(safe(channel))" }
                } else if let channel = thread.waitChannel {
                    text += ", in \(safe(channel))"
                }
                write(text + "\n")
            }
        }

        private func describe(_ call: KernelStacks.SystemCall) -> String {
            let name = call.name.map { safe($0) } ?? "system call \(call.number)"
            return "\(name)(\(call.arguments.map { safe($0) }.joined(separator: ", ")))"
        }

        // MARK: - Parts

        private func title(_ text: String) -> String { "\n\(text)\n" }

        private func frames(_ frames: [String]) -> String {
            frames.reduce(into: "") { $0 += "      \(safe($1))\n" }
        }

        private func name(_ thread: KernelStacks.Thread) -> String {
            let process =
                thread.process == thread.thread ? "" : " of process \(thread.process)"
            return "\(safe(thread.name)) [\(thread.thread)\(process)]"
        }

        private func counted(_ count: Int, _ one: String, _ many: String? = nil) -> String {
            "\(count) \(count == 1 ? one : many ?? one + "s")"
        }

        private func safe(_ text: String) -> String { UntrustedText.escapingControls(text) }

        private func pad(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.utf8.count))
        }

        private func lead(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.utf8.count)) + text
        }
    }
}

extension String {
    /// Without the blanks at the ends of its lines.
    fileprivate func trimmingLines() -> String {
        split(separator: "\n", omittingEmptySubsequences: false).map { line in
            var line = line
            while line.last == " " { line.removeLast() }
            return String(line)
        }.joined(separator: "\n")
    }
}
