public import DiagModel
public import DiagSystem
internal import SystemPackage

/// What a worker process does: takes requests from its standard input and answers them.
public enum WorkerLoop {
    /// Serves requests until the input ends; returns the exit code.
    ///
    /// The first request decides what the process gives up for good: its collector's confinement.
    /// A request for a collector is the last one; probes may follow one another.
    ///
    /// `collector` gives the one that a request names, `nil` when there is none.
    public static func serve(
        _ collector: (WorkerRequest) throws -> (any Collector)?, input: consuming OwnedDescriptor,
        output: consuming OwnedDescriptor
    ) -> Int32 {
        SignalDisposition.ignoreWriteSignals()
        HostFacts.nameProcess("diagbundle")
        Confinement.dieWithParent()
        Confinement.lowerPriority()
        let lines = WorkerLineReader(input)
        var reached: WorkerSink?
        do {
            guard let first = try lines.next() else { return 0 }
            var request = try JSONDocument.decode(WorkerRequest.self, from: first)
            let sink = WorkerSink(output: output, boundary: request.boundary, lines: lines)
            reached = sink
            let server = try Server(request, try collector(request), sink: sink, lines: lines)
            // From here on a probe's time runs: what came before is none of its target's doing.
            if request.probe != nil { try sink.progress(0) }
            while true {
                if let probe = request.probe {
                    try server.run(probe, request)
                } else {
                    try server.collect(request)
                    return 0
                }
                guard let line = try lines.next() else { return 0 }
                request = try JSONDocument.decode(WorkerRequest.self, from: line)
            }
        } catch {
            try? reached?.send(.end(.init(failure: UntrustedText.escapingControls("\(error)"))))
            return 1
        }
    }

    /// One collector, ready and confined.
    private final class Server {
        private let collector: any Collector
        private let root: RootedTree
        private let sink: WorkerSink
        private let gaps: [Confinement.Gap]
        private let seekable: SeekableFile?
        private let stop: StopRequest?
        private var prepared: (any Sendable)?

        init(
            _ request: WorkerRequest, _ collector: (any Collector)?, sink: WorkerSink,
            lines: WorkerLineReader
        ) throws {
            self.sink = sink
            guard request.protocolVersion == WorkerRequest.protocolVersion else {
                throw RequestError(reason: "protocol version \(request.protocolVersion) is unknown")
            }
            guard let collector else {
                throw RequestError(reason: "there is no collector \(request.collector)")
            }
            self.collector = collector
            root = try RootedTree(FilePath(request.root))
            seekable = try request.seekable.map { try SeekableFile(inherited: $0) }
            stop = seekable == nil ? nil : try lines.stopRequest()
            // What needs the rights that are given up next.
            if request.probe == nil {
                prepared = try collector.prepare(
                    in: Self.context(request, root: root, seekable: seekable, stop: stop))
            }
            // A probe process takes targets of every kind in turn.
            let commandsDevices =
                request.probe != nil && collector.probes.contains(where: \.commandsDevices)
            gaps = Self.confine(
                collector.descriptor, commandsDevices: commandsDevices,
                fileByteLimit: request.seekable?.byteLimit)
        }

        private static func confine(
            _ descriptor: CollectorDescriptor, commandsDevices: Bool, fileByteLimit: Int64?
        ) -> [Confinement.Gap] {
            let confinement = descriptor.confinement
            // Who writes a dump keeps its tables in memory that is locked, and maps much of it.
            let dumps = fileByteLimit != nil
            var gaps = Confinement.boundCapabilities(
                isInspector: confinement == .inspector, commandsDevices: commandsDevices,
                locksMemory: dumps, adding: descriptor.capabilities)
            gaps += Confinement.limitResources(
                addressSpaceByteCount: dumps ? SeekableArtifact.addressSpaceByteCount : 4 << 30,
                fileByteCount: UInt(max(0, fileByteLimit ?? 0)),
                growthByteCount: UInt(max(0, descriptor.fileGrowthByteCount)), locksMemory: dumps)
            if confinement == .parser { gaps += Confinement.forbidWriting() }
            return gaps
        }

        private static func context(
            _ request: WorkerRequest, root: RootedTree, seekable: SeekableFile?,
            stop: StopRequest?
        ) -> CollectionContext {
            CollectionContext(
                root: root, since: request.since, byteBudget: request.byteBudget,
                deadline: .now.advanced(bySeconds: request.deadlineSeconds),
                options: request.options, seekable: seekable, stop: stop)
        }

        private func context(_ request: WorkerRequest) -> CollectionContext {
            var context = Self.context(request, root: root, seekable: seekable, stop: stop)
            context.prepared = prepared
            context.request = request
            context.confinementGaps = gaps
            return context
        }

        func collect(_ request: WorkerRequest) throws {
            var end = WorkerMessage.End(confinementGaps: gaps.isEmpty ? nil : gaps)
            do {
                try collector.collect(in: context(request), into: sink)
            } catch {
                end.failure = UntrustedText.escapingControls("\(error)")
            }
            try sink.send(.end(end))
        }

        func run(_ probe: ProbeRequest, _ request: WorkerRequest) throws {
            guard let kind = collector.probes.first(where: { $0.kind == probe.kind }) else {
                throw RequestError(reason: "\(request.collector) has no probe \(probe.kind)")
            }
            let record = try kind.run(probe, in: context(request), into: sink)
            try sink.send(.record(record))
            try sink.send(.end(.init()))
        }
    }

    /// A request that cannot be served.
    private struct RequestError: Error, CustomStringConvertible {
        let reason: String
        var description: String { reason }
    }
}
