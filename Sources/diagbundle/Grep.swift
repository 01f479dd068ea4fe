import ArgumentParser
import DiagArchive
import DiagModel
import DiagSystem
import SystemPackage

/// `diagbundle grep`: finds lines in the members of a bundle.
struct Grep: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grep",
        abstract: "Print the lines of a bundle's members that match a pattern.",
        discussion: """
            PATTERN is a POSIX extended regular expression, matched against the bytes of each line; \
            a line of more than 1 MiB is searched in parts. Members come in the order of the \
            bundle and, where it has an index of members, are searched side by side, and only the \
            blocks that hold them are read. Each line is printed as "path:line"; on a terminal \
            control characters are shown escaped.

            Exit codes: 0 a line matched, 1 none did, 64 the pattern is wrong, 69 the bundle or a \
            PATH is not there, 74 the bundle is damaged or cannot be read, 77 no key at hand opens it.
            """)

    @Argument(help: "The pattern.")
    var pattern: String
    @Argument(help: "The bundle, or a volume of it.")
    var bundle: String
    @Argument(help: "Members or folders to search; without any, all.")
    var paths: [String] = []
    @Flag(
        name: [.customShort("i"), .long], help: "Small letters of ASCII match large ones.")
    var ignoreCase = false
    @Flag(name: [.customShort("F"), .long], help: "PATTERN is a text, not an expression.")
    var fixedStrings = false
    @Flag(
        name: [.customShort("l"), .long],
        help: "Print only the paths of members with a line that matches.")
    var filesWithMatches = false
    @Flag(
        name: [.customShort("c"), .long],
        help: "Print how many lines match, of members with any.")
    var count = false
    @Flag(
        name: [.customShort("n"), .long],
        help: "Print the number of each line, as path:number:line.")
    var lineNumber = false
    @OptionGroup var decryption: DecryptionOptions

    func run() throws {
        SignalDisposition.ignoreWriteSignals()
        if filesWithMatches, count {
            throw CommandFailure(
                .usage, "--files-with-matches and --count contradict each other")
        }
        var query = BundleSearch.Query(pattern)
        query.isText = fixedStrings
        query.ignoresCase = ignoreCase
        query.answer = filesWithMatches ? .names : count ? .counts : .lines
        if let fault = query.fault {
            throw CommandFailure(.usage, "the pattern \"\(pattern)\": \(fault)")
        }
        var printer = HitPrinter(
            isTerminal: StandardStreams.outputIsTerminal, answer: query.answer,
            isNumbered: lineNumber)
        var failure: (any Error)?
        let outcome: BundleSearch.Outcome
        do throws(ArchiveError) {
            outcome = try BundleSearch.search(
                query, in: FilePath(bundle), wanted: paths, keys: decryption.keys,
                notice: StandardStreams.note
            ) { (hit) throws(ArchiveError) in
                do { if try printer.print(hit) { return } } catch { failure = error }
                // A reader that has seen enough is no failure.
                throw ArchiveError(
                    .cancelled, operation: "write", object: "standard output", reason: "stopped")
            }
        } catch {
            if let failure { throw failure }
            if error.kind == .cancelled { return }
            // What was found before is true as far as it goes.
            _ = try printer.flush()
            let failure = CommandFailure(reading: error)
            // The code 1 says that nothing matched.
            throw failure.status == .failed
                ? CommandFailure(.inputOutput, error.description) : failure
        }
        _ = try printer.flush()
        guard outcome.notFound.isEmpty else {
            throw CommandFailure(
                .unavailable, "\(bundle) does not hold \(outcome.notFound.joined(separator: ", "))")
        }
        if outcome.hitCount == 0 { HostFacts.exitNow(ExitStatus.failed.rawValue) }
    }
}

/// Prints hits, many at a time when nobody looks.
private struct HitPrinter {
    private let isTerminal: Bool
    private let answer: BundleSearch.Answer
    private let isNumbered: Bool
    private var pending = [UInt8]()

    init(isTerminal: Bool, answer: BundleSearch.Answer, isNumbered: Bool) {
        self.isTerminal = isTerminal
        self.answer = answer
        self.isNumbered = isNumbered
    }

    /// Prints a hit; `false` when nobody reads any more.
    mutating func print(_ hit: BundleSearch.Hit) throws -> Bool {
        pending += Array(UntrustedText.escapingControls(hit.path.text).utf8)
        if answer == .counts || (answer == .lines && isNumbered) {
            pending += Array(":\(hit.number)".utf8)
        }
        if answer == .lines {
            pending.append(0x3A)
            pending += isTerminal ? Array(SafePrinter.safe(hit.line).utf8) : hit.line
        }
        pending.append(0x0A)
        return try isTerminal || pending.count >= 64 << 10 ? flush() : true
    }

    /// Prints what waits; `false` when nobody reads any more.
    mutating func flush() throws -> Bool {
        defer { pending.removeAll(keepingCapacity: true) }
        return try pending.isEmpty || StandardStreams.write(pending)
    }
}
