internal import CLinux
internal import Glibc

/// What is asked of a fork server: a title, an environment, and descriptors.
struct ForkRequest {
    /// The most bytes of one.
    static let mostBytes = 65_536

    /// Its standard streams, and what it is given besides.
    private(set) var descriptors: [CInt] = []
    private var bytes: [UInt8] = []

    /// Nothing yet.
    init() {}

    /// `nil` when it would be too long.
    init?(title: String, environment: [String: String], descriptors: [CInt]) {
        let words = [title] + environment.map { "\($0)=\($1)" }.sorted()
        bytes = Array(words.joined(separator: "\0").utf8)
        self.descriptors = descriptors
        guard bytes.count <= Self.mostBytes else { return nil }
    }

    private var words: [String] {
        bytes.split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// What lists of processes are to show.
    var title: String { words.first ?? "" }

    /// The whole environment of the process.
    var environment: [String: String] {
        var all = [String: String]()
        for word in words.dropFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { all[String(parts[0])] = String(parts[1]) }
        }
        return all
    }

    /// Whether it was sent; not when nobody is there to receive it.
    func send(to socket: CInt) -> Bool {
        let sent = try? systemCall("send", on: "the fork server") {
            unsafe diag_send(socket, bytes, bytes.count, descriptors, CInt(descriptors.count))
        }
        return sent == bytes.count
    }

    /// Waits for one, whose descriptors the caller then owns; `false` at the end, or for none that
    /// can be understood.
    mutating func receive(from socket: CInt) -> Bool {
        var numbers: [CInt] = [-1, -1, -1, -1]
        var count: CInt = 0
        var buffer = [UInt8](repeating: 0, count: Self.mostBytes)
        let length = try? systemCall("receive", on: "the fork server") {
            unsafe diag_receive(socket, &buffer, buffer.count, &numbers, &count)
        }
        guard let length, length > 0, count >= 3 else { return false }
        bytes = Array(buffer[..<length])
        descriptors = Array(numbers.prefix(Int(count)))
        return true
    }

    /// Closes what was received.
    mutating func close() {
        for descriptor in descriptors { _ = Glibc.close(descriptor) }
        descriptors = []
    }
}
