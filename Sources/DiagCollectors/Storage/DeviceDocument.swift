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
            var facts = device.facts
            if let directory = try? root.directory(FilePath(device.folder)) {
                reader.add(DeviceAttributeNames.more, of: directory, to: &facts)
                if let size = reader.text("size", of: directory) { facts["size"] = size }
                if device.disk == nil, let queue = try? directory.directory("queue") {
                    reader.add(
                        DeviceAttributeNames.queue, of: queue, under: "queue/", to: &facts)
                }
            }
            let paths = Set((device.udev?.links ?? []).map { "/dev/" + $0 })
                .union(links[device.name] ?? [])
            text.add("{\"attributes\":")
            text.add(facts)
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
}
