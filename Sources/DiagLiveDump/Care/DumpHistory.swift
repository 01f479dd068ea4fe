public import DiagModel
internal import DiagSystem
public import SystemPackage

/// What is known of earlier dumps of this host, in a small file that is replaced as a whole.
///
/// It is changed by whoever has the ``DumpLock``.
public struct DumpHistory: Sendable {
    /// What is known of earlier dumps of one kind.
    struct Dumps: Codable, Hashable {
        /// When the last dump began.
        var last: Timestamp?
        /// When the last dump for each originator began.
        var originators: [String: Timestamp] = [:]
        /// Pages that the last complete dump copied in a second, by compression and number of
        /// threads, such as `zstd/2`. A file of an earlier version has none.
        var rates: [String: Double]?
    }

    /// What is known of earlier dumps.
    struct State: Codable, Hashable {
        var version = 1
        /// By the kind of dump.
        var dumps: [String: Dumps] = [:]
        /// What was known of the kind that began last, before that.
        var former: Dumps?
    }

    /// Where the file is.
    public let path: FilePath
    /// What fewer pages take tells of no rate.
    private static let leastPages = 10_000
    /// Rates that a host can have; the last is 4 TB a second. A damaged file has any number, and
    /// what is reckoned with it may fit no integer.
    private static let possibleRates: ClosedRange<Double> = 1...1e9

    /// The history that is kept at `path`.
    public init(path: FilePath = "/var/lib/diagbundle/livedump.json") { self.path = path }

    /// Pages that the last complete dump of that kind copied in a second, with the same
    /// compression and as many threads; `nil` when there was none, or its history is not readable.
    public func pagesPerSecond(
        _ kind: LiveDumpReport.Kind, compression: String, threadCount: Int
    ) -> Double? {
        var ignored = [String]()
        let rates = read(&ignored).dumps[kind.rawValue]?.rates ?? [:]
        return rates[Self.rateName(compression, threadCount)].flatMap {
            Self.possibleRates.contains($0) ? $0 : nil
        }
    }

    /// Notes how many pages a complete dump copied, and in how many seconds, unless that is within
    /// a tenth of what is known: a file that is replaced waits for the disk, and the rate only
    /// serves an estimate. That the file cannot be written is told when a dump begins, and not once
    /// more.
    public func recordRate(
        _ kind: LiveDumpReport.Kind, compression: String, threadCount: Int, pages: Int,
        seconds: Double
    ) {
        guard pages >= Self.leastPages, seconds > 0 else { return }
        let rate = (Double(pages) / seconds).rounded()
        guard Self.possibleRates.contains(rate) else { return }
        var ignored = [String]()
        var state = read(&ignored)
        var dumps = state.dumps[kind.rawValue] ?? .init()
        let name = Self.rateName(compression, threadCount)
        if let known = dumps.rates?[name], Self.possibleRates.contains(known),
            abs(rate - known) <= known / 10
        {
            return
        }
        dumps.rates = [name: rate]
            .merging(dumps.rates ?? [:]) { new, _ in new }
        state.dumps[kind.rawValue] = dumps
        _ = replace(with: state, purpose: "note the rate of the dump")
    }

    private static func rateName(_ compression: String, _ threadCount: Int) -> String {
        "\(compression)/\(threadCount)"
    }

    /// What the file says; nothing, with a warning, when it cannot be read.
    func read(_ warnings: inout [String]) -> State {
        do throws(SystemCallError) {
            let bytes = try StateFile.read(path, limit: 1 << 20)
            if let state = try? JSONDocument.decode(State.self, from: bytes),
                state.version == State().version
            {
                return state
            }
            warnings.append(
                "\(path) is damaged, so it is not known when the last dump was made")
        } catch {
            if error.errno != .noSuchFileOrDirectory {
                warnings.append("\(error), so it is not known when the last dump was made")
            }
        }
        return State()
    }

    /// Writes all of it anew.
    ///
    /// - Returns: what should be known: that it could not be written for that purpose, and what
    ///   follows.
    func replace(with state: State, purpose: String, consequence: String = "") -> [String] {
        do {
            try StateFile.replace(path, with: JSONDocument.encode(state, layout: .document))
            return []
        } catch { return ["\(purpose) in \(path): \(error)\(consequence)"] }
    }
}
