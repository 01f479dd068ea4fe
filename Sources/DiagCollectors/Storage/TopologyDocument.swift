internal import DiagCollect
internal import DiagModel

/// Sends `topology.json`: sorted keys, and each node and edge on a line of its own.
///
/// A line for each keeps the memory small with ten thousand devices, and lets a finding point at
/// one.
enum TopologyDocument {
    /// Sends `topology` as the artifact `topology.json`.
    static func send(_ topology: Topology, into sink: any CollectionSink) throws {
        try sink.open(
            .init(
                path: "topology.json", source: "/sys, /proc, /run/udev",
                mediaType: "application/json", privacy: .identity))
        var text = Array("{\n\"edges\":[\n".utf8)
        try add(topology.edges, to: &text, into: sink)
        text += Array("],\n\"nodes\":[\n".utf8)
        try add(topology.nodes, to: &text, into: sink)
        text += Array("],\n\"schema\":".utf8)
        text += try JSONDocument.encode(topology.schema, layout: .line)
        text += Array("\n}\n".utf8)
        try sink.write(text.span)
    }

    private static func add(
        _ elements: [some Encodable], to text: inout [UInt8], into sink: any CollectionSink
    ) throws {
        for (index, element) in elements.enumerated() {
            text += try JSONDocument.encode(element, layout: .line)
            if index < elements.count - 1 { text.append(0x2C) }
            text.append(0x0A)
            if text.count > 128 << 10 {
                try sink.write(text.span)
                text.removeAll(keepingCapacity: true)
            }
        }
    }
}
