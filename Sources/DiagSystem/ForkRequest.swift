internal import CLinux
internal import Glibc

/// What is asked of a fork server: a title, an environment, and descriptors.
struct ForkRequest {
    /// The most bytes of one.
    static let mostBytes = 65_536

    /// Its standard streams, and what it is given besides.
    private(set) var descriptors: [CInt] = []
    private var buffer: [UInt8]
    private var count: Int

    /// Nothing yet.
    init() {
        buffer = [UInt8](repeating: 0, count: Self.mostBytes)
        count = 0
    }

    /// `nil` when it would be too long.
    init?(title: String, environment: [String: String], descriptors: [CInt]) {
        let words = [title] + environment.map { "\($0)=\($1)" }.sorted()
        buffer = Array(words.joined(separator: "\0").utf8)
        count = buffer.count
        self.descriptors = descriptors
        guard count <= Self.mostBytes else { return nil }
    }

    private var words: [String] {
        buffer[..<count].split(separator: 0, omittingEmptySubsequences: false).map {
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
            unsafe diag_send(socket, buffer, count, descriptors, CInt(descriptors.count))
        }
        return sent == count
    }

    /// Waits for one, whose descriptors the caller then owns; `false` at the end, or for none that
    /// can be understood.
    mutating func receive(from socket: CInt) -> Bool {
        var numbers: [CInt] = [-1, -1, -1, -1]
        var numberCount: CInt = 0
        let length = try? systemCall("receive", on: "the fork server") {
            unsafe diag_receive(socket, &buffer, buffer.count, &numbers, &numberCount)
        }
        guard let length, length > 0, numberCount >= 3 else { return false }
        count = length
        descriptors = Array(numbers.prefix(Int(numberCount)))
        return true
    }

    /// Closes and wipes what was received: the next process must know nothing of this one.
    mutating func clear() {
        for descriptor in descriptors { _ = Glibc.close(descriptor) }
        descriptors = []
        unsafe buffer.withUnsafeMutableBytes { bytes in
            if let start = bytes.baseAddress { unsafe explicit_bzero(start, bytes.count) }
        }
        count = 0
    }
}
