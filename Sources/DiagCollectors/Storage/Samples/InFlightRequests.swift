internal import DiagCollect
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// What the block layer's own view says of each device's queue: the requests that the device has
/// not answered, one to a line.
///
/// Source: /sys/kernel/debug/block of Linux 6.12, block/blk-mq-debugfs.c; root alone may read it,
/// and debugfs must be mounted. It answers from memory and takes no lock of a frozen queue.
enum InFlightRequests {
    private static let byteLimit = 4 << 20
    /// Of the queue itself.
    private static let queue = ["state", "requeue_list"]
    /// Of each of its hardware contexts, and of the throttling on top.
    private static let context = ["state", "busy", "dispatch", "active", "tags"]

    /// Sends `in-flight.txt`: the states of the queues of `devices`, and of those in `busy` every
    /// hardware context.
    static func send(
        devices: [String], busy: Set<String>, in context: CollectionContext,
        into sink: any CollectionSink
    ) throws {
        guard let folder = try? context.root.directory("/sys/kernel/debug/block") else { return }
        var text = [UInt8]()
        for name in devices {
            guard text.count < byteLimit else { break }
            let entry = name.map { $0 == "/" ? "!" : $0 }
            guard let directory = try? folder.directory(String(entry)) else { continue }
            add(queue, of: directory, to: &text)
            guard busy.contains(name), let entries = try? directory.entries(limit: 65_536) else {
                continue
            }
            for part in entries where part.kind == .directory {
                let name = part.name.string
                guard name.hasPrefix("hctx") || name == "rqos",
                    let inner = try? directory.directory(name)
                else { continue }
                if name.hasPrefix("hctx") {
                    add(Self.context, of: inner, to: &text)
                } else {
                    for layer in (try? inner.entries(limit: 64)) ?? [] {
                        guard let of = try? inner.directory(layer.name.string) else { continue }
                        add(
                            (try? of.entries(limit: 64))?.map(\.name.string) ?? [], of: of,
                            to: &text)
                    }
                }
            }
        }
        guard !text.isEmpty else { return }
        try sink.send(
            "in-flight.txt", text, source: folder.path.string, mediaType: "text/plain",
            privacy: .technical)
        if text.count >= byteLimit {
            try sink.send(.truncated(.init(why: "only the first 4 MiB are kept")))
        }
    }

    private static func add(_ names: [String], of directory: Directory, to text: inout [UInt8]) {
        for name in names {
            guard let bytes = try? directory.attribute(name, limit: 256 << 10), !bytes.isEmpty
            else {
                continue
            }
            text += Array("# \(directory.path.appending(name))\n".utf8) + bytes
            if bytes.last != 0x0A { text.append(0x0A) }
        }
    }
}
