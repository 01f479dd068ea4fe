internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Sends `devices.jsonl`: after a line with the schema, one line for each block device with
/// every attribute that the kernel gives from memory, as it writes them.
///
/// The queue's attributes are read here, last of all that the collector does: should one of them
/// block, the graph has long been sent, and so have the devices before.
struct DeviceDocument {
    /// An attribute that is read here.
    private struct Attribute {
        /// Its name in the document.
        let key: String
        /// Its file.
        let name: String
        /// Whether it is one of the queue.
        let isOfQueue: Bool
    }

    /// All of them, in the order of their names in the document.
    private static let attributes = {
        let own = (["size"] + DeviceAttributeNames.more).map {
            Attribute(key: $0, name: $0, isOfQueue: false)
        }
        let ofQueue = DeviceAttributeNames.queue.map {
            Attribute(key: "queue/" + $0, name: $0, isOfQueue: true)
        }
        return (own + ofQueue).sorted { $0.key < $1.key }
    }()

    private let root: RootedTree
    private var reader = AttributeReader()

    /// A document of the devices below `root`.
    init(_ root: RootedTree) { self.root = root }

    /// Sends a line for each of `devices` that is included; `links` are the paths below /dev by device name.
    ///
    /// After `limit` bytes the rest is left out, and the artifact says so.
    mutating func send(
        _ devices: [BlockDevice], isIncluded: [Bool], links: [String: [String]], limit: Int64,
        into sink: any CollectionSink
    ) throws {
        try sink.open(
            .init(
                path: "devices.jsonl", source: "/sys/block", mediaType: "application/jsonl",
                privacy: .identity))
        var text = JSONLineText()
        text.add("{\"schema\":\"diagbundle.block-devices/1\"}\n")
        var sent: Int64 = 0
        for (index, device) in devices.enumerated() where isIncluded[index] {
            let paths = Set((device.udev?.links ?? []).map { "/dev/" + $0 })
                .union(links[device.name] ?? [])
            text.add("{\"attributes\":{")
            addAttributes(of: device, to: &text)
            text.add("}")
            if let number = device.number {
                text.add(",\"dev\":")
                text.add(quoting: number.description)
            }
            if !paths.isEmpty {
                text.add(",\"links\":")
                text.add(paths.sorted())
            }
            text.add(",\"name\":")
            text.add(quoting: device.name)
            text.add(",\"path\":")
            text.add(quoting: device.folder)
            text.add("}\n")
            if text.bytes.count > 64 << 10 {
                try sink.write(text.bytes.span)
                sent += Int64(text.bytes.count)
                text.removeAll()
            }
            if sent >= limit, index < devices.count - 1 {
                let left = devices.count - 1 - index
                try sink.send(.truncated(.init(why: "the last \(left) devices are left out")))
                break
            }
        }
        try sink.write(text.bytes.span)
    }

    /// Adds what is known of `device` and what is read now, sorted by name.
    private mutating func addAttributes(of device: BlockDevice, to text: inout JSONLineText) {
        let folder = try? root.directory(FilePath(device.folder))
        let queue = device.disk == nil ? (try? folder?.directory("queue")) : nil
        let known = device.facts.sorted { $0.key < $1.key }
        var next = 0
        var isFirst = true
        func begin(_ key: String) {
            if !isFirst { text.add(",") }
            isFirst = false
            text.add(quoting: key)
            text.add(":")
        }
        for attribute in Self.attributes {
            while next < known.count, known[next].key < attribute.key {
                begin(known[next].key)
                text.add(quoting: known[next].value)
                next += 1
            }
            guard let place = attribute.isOfQueue ? queue : folder,
                let range = reader.read(attribute.name, of: place)
            else { continue }
            begin(attribute.key)
            text.add(quoting: reader.page, at: range)
            if next < known.count, known[next].key == attribute.key { next += 1 }
        }
        for (key, value) in known[next...] {
            begin(key)
            text.add(quoting: value)
        }
    }
}
