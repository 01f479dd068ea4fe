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
        var text = JSONLineText()
        text.add("{\n\"edges\":[\n")
        try add(topology.edges, to: &text, into: sink) { add($1, to: &$0) }
        text.add("],\n\"nodes\":[\n")
        try add(topology.nodes, to: &text, into: sink) { try add($1, to: &$0) }
        text.add("],\n\"schema\":")
        text.add(quoting: topology.schema)
        text.add("\n}\n")
        try sink.write(text.bytes.span)
    }

    private static func add<Element>(
        _ elements: [Element], to text: inout JSONLineText, into sink: any CollectionSink,
        line: (inout JSONLineText, Element) throws -> Void
    ) throws {
        for (index, element) in elements.enumerated() {
            try line(&text, element)
            if index < elements.count - 1 { text.add(",") }
            text.add("\n")
            if text.bytes.count > 128 << 10 {
                try sink.write(text.bytes.span)
                text.removeAll()
            }
        }
    }

    static func add(_ edge: Topology.Edge, to text: inout JSONLineText) {
        text.add("{\"from\":")
        text.add(quoting: edge.from)
        text.add(",\"kind\":")
        text.add(quoting: edge.kind.rawValue)
        text.add(",\"to\":")
        text.add(quoting: edge.to)
        text.add("}")
    }

    static func add(_ node: Topology.Node, to text: inout JSONLineText) throws {
        text.add("{")
        if let artifacts = node.artifacts {
            text.add("\"artifacts\":")
            text.add(artifacts) { $0.add(quoting: $1) }
            text.add(",")
        }
        text.add("\"attributes\":")
        try text.add(values: node.attributes)
        if let byteCount = node.byteCount {
            text.add(",\"byteCount\":")
            text.add(number: byteCount)
        }
        if let health = node.health {
            text.add(",\"health\":")
            text.add(quoting: health.rawValue)
        }
        text.add(",\"id\":")
        text.add(quoting: node.id)
        text.add(",\"kind\":")
        text.add(quoting: node.kind.rawValue)
        text.add(",\"name\":")
        text.add(quoting: node.name)
        if let status = node.operationalStatus {
            text.add(",\"operationalStatus\":")
            text.add(status)
        }
        text.add("}")
    }
}
