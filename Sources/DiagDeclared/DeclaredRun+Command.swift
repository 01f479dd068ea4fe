internal import DiagCollect
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Running the commands of a declared collector.
extension DeclaredRun {
    /// What every command finds in its environment, and nothing else: no pager, no colours, no
    /// language but the plain one, no home, no compiled Python beside its source.
    static let environment = [
        "PATH": HostTraits.programFolders.map(\.string).joined(separator: ":"), "LC_ALL": "C",
        "LANG": "C", "TZ": "UTC", "HOME": "/", "TERM": "dumb", "NO_COLOR": "1", "PAGER": "cat",
        "SYSTEMD_PAGER": "cat", "SYSTEMD_COLORS": "0", "COLUMNS": "250",
        "PYTHONDONTWRITEBYTECODE": "1",
    ]

    func run(
        _ command: CollectorDeclaration.Command, _ item: CollectorDeclaration.Item
    ) throws {
        let name = command.arguments[0]
        if let obstacle = command.obstacle(on: host, in: context) {
            return try tell(obstacle, of: item.title)
        }
        guard let executable = host.executable(name) else { return }
        let limit = min(item.limits.byteCount, remaining)
        guard limit > 0 else { return try tellBudget(item.title) }
        let left = softDeadline.seconds(since: .now)
        guard left > 0 else {
            return try sink.missing(item.title, why: Self.outOfTime)
        }
        let arguments = command.fullArguments(since: context.since).dropFirst()
        let result: CommandRun
        do throws(SystemCallError) {
            let run = {
                @Sendable [item, environment = Self.environment] () throws(SystemCallError) in
                try CommandRun.run(
                    executable, Array(arguments), environment: environment,
                    seconds: min(item.limits.seconds, left), limit: Int(clamping: limit),
                    keeping: item.limits.keepsNewest ? .newest : .beginning)
            }
            result = try command.isReadOnly ? Self.withoutWriting(run) : run()
        } catch {
            var record = CommandRecord(
                arguments: [name] + arguments, executable: executable.string, seconds: 0,
                outputByteCount: 0)
            record.failure = "\(error.errno)"
            commands.append(record)
            return try sink.missing(
                item.title,
                why: UnexecutedProgram.reason(executable, error.errno, in: context.root)
                    ?? "\(error.operation): \(error.errno)")
        }
        var record = CommandRecord(
            arguments: [name] + arguments, executable: executable.string,
            seconds: result.seconds, outputByteCount: result.outputByteCount,
            isLate: result.cause == nil && !isCut(result, item), isAbandoned: result.isAbandoned,
            errors: Self.text(result.errors))
        switch result.cause {
        case .exited(let code): record.exitCode = code
        case .signalled(let number): record.signal = number
        case nil: break
        }
        // Some say what was asked for on standard error, such as a version.
        let isGood = record.exitCode.map(command.exitCodes.contains) ?? false
        let isAnswer = !result.output.isEmpty || (isGood && record.refusedWriting == nil)
        let said = result.output.isEmpty && isAnswer ? result.errors : result.output
        if !said.isEmpty {
            record.artifact = "\(declaration.name)/\(command.artifact)"
            try send(said, of: result, isLate: record.isLate, command, item)
        }
        commands.append(record)
        try tell(result, record, command, item)
    }

    /// Runs it in a thread that gives up every right to write, which what it starts then lacks.
    ///
    /// Where the kernel cannot take the right away, a file may grow by the index of a database, and
    /// no further: without that SQLite ends by a signal.
    private static func withoutWriting(
        _ run: @escaping @Sendable () throws(SystemCallError) -> CommandRun
    ) throws(SystemCallError) -> CommandRun {
        let running = try BackgroundValue.start(name: "read-only") {
            () -> Result<CommandRun, SystemCallError> in
            do throws(SystemCallError) {
                guard !Confinement.forbidWriting().isEmpty else { return .success(try run()) }
                let byteCount = UInt(CollectorDeclaration.Command.indexByteCount)
                return .success(
                    try Confinement.allowingFileGrowth(byteCount: byteCount, run))
            } catch { return .failure(error) }
        }
        return try running.wait().get()
    }

    private func isCut(_ result: CommandRun, _ item: CollectorDeclaration.Item) -> Bool {
        result.isCut && !item.limits.keepsNewest
    }

    private func send(
        _ said: [UInt8], of result: CommandRun, isLate: Bool,
        _ command: CollectorDeclaration.Command, _ item: CollectorDeclaration.Item
    ) throws {
        let keepsNewest = item.limits.keepsNewest
        let which = keepsNewest ? "last" : "first"
        var why: String?
        var kept = said[...]
        if isLate { why = "it was ended after \(DurationText.measured(seconds: result.seconds))" }
        if result.isCut {
            if keepsNewest { kept = LineLimit.fromLineStart(said) }
            why = "only the \(which) \(kept.count) bytes are kept"
        }
        if let lines = item.limits.lineCount,
            let cut = LineLimit.cut(Array(kept), to: lines, keepingNewest: keepsNewest)
        {
            kept = cut
            why = "only the \(which) \(lines) lines are kept"
        }
        try sink.open(
            .init(
                path: command.artifact, source: item.title, mediaType: item.mediaType,
                privacy: item.privacy))
        try sink.write(kept.span)
        remaining -= Int64(kept.count)
        if let why { try sink.send(.truncated(.init(why: why))) }
    }

    /// Says what went wrong: missing when there is nothing of it, else a note.
    private func tell(
        _ result: CommandRun, _ record: CommandRecord, _ command: CollectorDeclaration.Command,
        _ item: CollectorDeclaration.Item
    ) throws {
        let first = record.errors?.split(separator: "\n").first.map(String.init)
        let said = first.map { ": \(UntrustedText.escapingControls(String($0.prefix(300))))" } ?? ""
        let seconds = DurationText.measured(seconds: result.seconds)
        if record.isLate {
            let end = result.isAbandoned ? "hangs in the kernel and was left" : "was ended"
            return try sink.missing(
                item.title, why: "it did not end in \(seconds) and \(end)\(said)")
        }
        switch result.cause {
        case .exited(let code) where !command.exitCodes.contains(code):
            let what = "exit code \(code)\(said)"
            // The applet of this name says how it is to be called: it lacks an option.
            if result.output.isEmpty, first?.hasPrefix("BusyBox v") == true {
                return try sink.absent(
                    item.title, why: "\(command.arguments[0]) is BusyBox's, without these options")
            }
            if result.output.isEmpty {
                let isRefused = ["not permitted", "ermission denied"].contains {
                    record.errors?.contains($0) ?? false
                }
                try sink.missing(
                    item.title, why: what,
                    remedy: isRefused && HostFacts.effectiveUser != 0 ? "run as root" : nil)
            } else {
                try sink.send(.note(.init(text: "\(item.title): \(what); what it said is kept")))
            }
        case .signalled(let number):
            try sink.missing(item.title, why: "signal \(number) ended it\(said)")
        default:
            if record.artifact != nil { break }
            if let refusal = record.refusedWriting {
                let line = UntrustedText.escapingControls(String(refusal.prefix(300)))
                return try sink.missing(
                    item.title, why: "it wanted to write a file, which it may not: \(line)")
            }
            try sink.absent(item.title, why: "it says nothing")
        }
        if result.leftPipeOpen {
            let what = "it left a process behind that kept its output open; nobody waited for that"
            try sink.send(.note(.init(text: "\(item.title): \(what)")))
        }
    }

    private static func text(_ errors: [UInt8]) -> String? {
        guard !errors.isEmpty else { return nil }
        return UntrustedText.escapingInvalidUTF8(errors.prefix(4096))
    }
}

extension CommandRecord {
    /// The line of its errors by which it, or a program that it ran, could not write into a file, for
    /// none may grow: of the shell whose child a signal ended, or of the program that went on.
    ///
    /// Source: strsignal(3) of SIGXFSZ, strerror(3) of EFBIG; the same in glibc and musl.
    fileprivate var refusedWriting: Substring? {
        errors?.split(separator: "\n").first { line in
            ["File size limit exceeded", "File too large"].contains { line.contains($0) }
        }
    }
}

extension CollectorDeclaration.Command {
    /// The program and its arguments, those for `--since` with the time in them.
    func fullArguments(since: Timestamp?) -> [String] {
        guard let since else { return arguments }
        // `2026-11-21T09:30:00.000000Z`
        let moment = since.description
        let date = moment.prefix(10)
        let time = moment.dropFirst(11).prefix(8)
        return arguments
            + sinceArguments.map {
                $0.split(separator: "{since}", omittingEmptySubsequences: false)
                    .joined(separator: "\(date) \(time)")
                    .split(separator: "{since-epoch}", omittingEmptySubsequences: false)
                    .joined(separator: "\(since.microsecondsSince1970 / 1_000_000)")
            }
    }

    /// Why it cannot run here at all.
    func obstacle(on host: HostTraits, in context: CollectionContext) -> String? {
        guard context.root.isLiveHost else {
            return "no command runs for a root that is not the running host's"
        }
        return switch host.program(arguments[0]) {
        case .usable: nil
        case .refused(let why): why
        case .hidden: Condition.needsRoot
        case .unknown(let why): why
        case .absent: "\(arguments[0]) is not installed"
        }
    }
}
