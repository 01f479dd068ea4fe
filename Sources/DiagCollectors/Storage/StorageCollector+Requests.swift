internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import FoundationEssentials
internal import SystemPackage

/// What the collector asks for, and to what it is narrowed.
extension StorageCollector {
    /// How many mounts are probed at most.
    private static let probeLimit = 10_000

    /// Asks for one probe of each mount point that leads to a mount, automounts excepted: to ask
    /// one of these would mount it.
    ///
    /// `isWanted` is asked for the position of each mount in the table.
    func requestProbes(
        _ tables: StorageTables, from sink: any CollectionSink,
        isWanted: (Int) -> Bool = { _ in true }
    ) throws {
        var asked: Set<[UInt8]> = []
        for (position, mount) in tables.mounts.entries.enumerated()
        where tables.visibility[position] && mount.fileSystemType != "autofs" && isWanted(position)
        {
            guard asked.count < Self.probeLimit else {
                try sink.missing(
                    "mount health", why: "only the first \(Self.probeLimit) mounts are probed")
                return
            }
            guard asked.insert(mount.mountPoint).inserted else { continue }
            let isText = String(validating: mount.mountPoint, as: UTF8.self) != nil
            try sink.send(
                .probe(
                    ProbeRequest(
                        kind: MountHealthProbe.kindName,
                        target: UntrustedText.escapingInvalidUTF8(mount.mountPoint),
                        targetBytes: isText ? nil : Data(mount.mountPoint).base64EncodedString(),
                        facts: [
                            "device": .string(mount.device.description),
                            "fileSystemType": .string(mount.fileSystemType),
                        ])))
        }
    }

    /// Asks for the probes of the devices, and says what cannot be asked.
    func requestDevices(
        _ asked: DeviceRequests, isLiveHost: Bool, from sink: any CollectionSink
    ) throws {
        for request in asked.requests { try sink.send(.probe(request)) }
        if let first = asked.behindSuspended.first {
            try sink.missing(
                "the device mapper's state of \(first) and \(asked.behindSuspended.count - 1) more",
                why: "they stand on a suspended device, so that a question may wait",
                remedy: "resume the suspended device")
        }
        if let first = asked.asleep.sorted().first {
            try sink.missing(
                "the metadata of \(first)"
                    + (asked.asleep.count > 1 ? " and \(asked.asleep.count - 1) more" : ""),
                why: "the disk sleeps, and reading it would wake it")
        }
        if isLiveHost, let first = asked.withoutNode.first {
            try sink.missing(
                "what \(asked.withoutNode.count) devices say of themselves, \(first) the first",
                why: "they have no node below /dev, as in a container",
                remedy: "run it on the host itself")
        }
    }

    /// Keeps of `graph` the subsystems called `names`, what they stand on and what stands on them;
    /// the ids of those. A name that no subsystem has is told as missing.
    func narrow(
        _ graph: inout StorageGraph, to names: [String], in context: CollectionContext,
        into sink: any CollectionSink
    ) throws -> Set<String> {
        let list = StorageSubsystem.list(graph.topology, host: hostName(in: context))
        var ids = Set<String>()
        for name in names {
            let nodes = StorageSubsystem.nodes(of: name, in: list)
            if nodes.isEmpty {
                let known = list.subsystems.map(\.name).joined(separator: ", ")
                try sink.missing(
                    "the storage subsystem \(UntrustedText.escapingControls(name))",
                    why: "this host has no such subsystem; it has: \(known)")
            }
            ids.formUnion(nodes)
        }
        ids = graph.chain(of: ids)
        graph.keep(ids)
        return ids
    }

    /// The texts of a list.
    static func texts(_ value: JSONValue) -> [String] {
        guard case .array(let elements) = value else { return [] }
        return elements.compactMap(\.text)
    }

    func hostName(in context: CollectionContext) -> String {
        let bytes = (try? context.root.read("/proc/sys/kernel/hostname", limit: 1024)) ?? []
        let text = UntrustedText.escapingControls(
            UntrustedText.escapingInvalidUTF8(bytes.filter { $0 != 0x0A }))
        return text.isEmpty ? "this host" : text
    }
}
