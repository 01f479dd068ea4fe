import DiagCollect
import DiagFormats
import DiagModel
import DiagSystem
import SystemPackage
import Testing

@testable import DiagCollectors

@Suite("NVMe probe")
struct NVMeProbeTests {
    private static let request = ProbeRequest(kind: "nvme", target: "/dev/nvme0")
    private static let eventRequest = ProbeRequest(
        kind: "nvme", target: "/dev/nvme0", facts: ["persistentEvents": true])

    private func ask(
        _ controller: NVMeRecordedController, _ request: ProbeRequest = Self.request
    ) throws -> (record: ProbeRecord, sink: MemorySink, document: NVMeDocument?) {
        let sink = MemorySink()
        let record = try NVMeProbe().ask(controller, request, into: sink)
        let document = try sink["nvme/nvme0.json"].map { artifact in
            let json = try JSONDocument.decode(JSONValue.self, from: artifact.bytes)
            #expect(PublishedSchema.nvme.errors(in: json) == [])
            return try JSONDocument.decode(NVMeDocument.self, from: artifact.bytes)
        }
        return (record, sink, document)
    }

    @Test("QEMU's controller gives a document, its bytes and the facts")
    func recorded() throws {
        let controller = try NVMeRecordedController.recorded()
        let (record, sink, document) = try ask(controller)
        #expect(record.outcome == .ok && record.reason == nil)
        #expect(record.facts["model"] == "QEMU NVMe Ctrl")
        #expect(record.facts["serial"] == "DBLAB0000001")
        #expect(record.facts["version"] == "1.4.0")
        #expect(record.facts["artifact"] == "storage/nvme/nvme0.json")
        #expect(record.facts["namespaceCount"] == 2)
        #expect(record.facts["health"]?["temperatureKelvin"] == 323)
        #expect(record.facts["health"]?["mediaErrors"] == 0)
        #expect(record.facts["warningKelvin"] == 343)
        #expect(
            record.facts["namespaces"]?["1"] == [
                "sizeInBlocks": 131_072, "usedBlocks": 131_072, "blockByteCount": 512,
                "byteCount": 67_108_864, "isWriteProtected": false,
                "eui64": "0123456789abcdef", "uuid": "6c0a2a52-2f0b-4a0c-9a7e-3d6c2f1b8e01",
            ])
        #expect(record.facts["refused"] == nil)
        #expect(
            Set(sink.artifacts.map(\.opening.path)) == [
                "nvme/nvme0.json", "nvme/nvme0/controller.bin", "nvme/nvme0/health.bin",
                "nvme/nvme0/errors.bin", "nvme/nvme0/firmware-slots.bin",
                "nvme/nvme0/command-effects.bin", "nvme/nvme0/changed-namespaces.bin",
                "nvme/nvme0/active-namespaces.bin", "nvme/nvme0/controllers.bin",
                "nvme/nvme0/namespace-1.bin", "nvme/nvme0/namespace-1-names.bin",
                "nvme/nvme0/namespace-2.bin", "nvme/nvme0/namespace-2-names.bin",
            ])
        #expect(sink.artifacts.allSatisfy { $0.opening.privacy == .identity })
        #expect(document?.namespaces.map(\.identifier) == [1, 2])
        #expect(document?.hasAllNamespaces == true)
        #expect(document?.controllers == [0])
        #expect(NVMeProbe().findings(in: [record]) == [])
    }

    @Test("Nothing but Identify and Get Log Page is sent, and logs keep their events pending")
    func commands() throws {
        let controller = try NVMeRecordedController.complete()
        _ = try ask(controller, Self.eventRequest)
        #expect(Set(controller.commands.map(\.operation)) == [.identify, .getLogPage])
        #expect(NVMeAdminCommand.Operation.identify.rawValue == 0x06)
        #expect(NVMeAdminCommand.Operation.getLogPage.rawValue == 0x02)
        for command in controller.commands where command.operation == .getLogPage {
            let word = command.doubleWords[0]
            if word & 0xFF != 0x0D { #expect(word >> 15 & 1 == 1) }
            #expect(Int(word >> 16) == command.byteCount / 4 - 1)
        }
        let errors = try #require(
            controller.commands.first { NVMeRecordedController.key($0) == "log 1 0" })
        #expect(errors.byteCount == 4 * 64)
        #expect(errors.namespaceIdentifier == .max)
        let group = try #require(
            controller.commands.first { NVMeRecordedController.key($0) == "log 9 1" })
        #expect(group.doubleWords[1] >> 16 == 1 && group.namespaceIdentifier == 0)
    }

    @Test("A log that the controller does not say it has is not asked for")
    func unsupported() throws {
        let controller = try NVMeRecordedController.recorded()
        _ = try ask(controller, Self.eventRequest)
        let never = ["log 0 0", "log 6 0", "log 9 1", "log 12 0", "log 129 0", "events 1"]
        #expect(Set(never).intersection(controller.asked) == [])
    }

    @Test("Every log of a controller that has all is decoded, and its faults are found")
    func complete() throws {
        let controller = try NVMeRecordedController.complete()
        let (record, _, document) = try ask(controller)
        #expect(record.outcome == .ok)
        #expect(document?.refused == [:])
        #expect(document?.selfTests?.results.map(\.outcome) == [.failedSegment])
        #expect(document?.asymmetricAccess?.groups.map(\.state) == [.inaccessible])
        #expect(document?.enduranceGroups?.map(\.log.percentageUsed) == [77])
        #expect(document?.sanitize?.outcome == .failed)
        #expect(document?.supportedLogPages?.identifiers == [0, 1])
        #expect(document?.persistentEvents == nil)
        #expect(record.facts["anaGroups"] == ["1": "inaccessible"])
        #expect(!controller.asked.contains("events 1"))
        let findings = FindingList(NVMeProbe().findings(in: [record])).findings
        #expect(
            findings.map { "\($0.severity.rawValue) \($0.fault)" } == [
                "critical storage.nvme.degraded", "critical storage.nvme.endurance-group",
                "critical storage.nvme.read-only", "major storage.nvme.media-errors",
                "major storage.nvme.overheated", "major storage.nvme.sanitize",
                "major storage.nvme.self-test", "major storage.nvme.spare",
                "major storage.nvme.worn",
            ])
        #expect(findings.allSatisfy { $0.place == "/dev/nvme0" && $0.object == "nvme0" })
        #expect(
            findings.allSatisfy { $0.evidence == [.init(artifact: "storage/nvme/nvme0.json")] })
        #expect(
            findings.first { $0.fault == "storage.nvme.spare" }?.reason
                == "The spare capacity of nvme0 (QEMU NVMe Ctrl, serial DBLAB0000001) is 3 %, and "
                + "it warns below 10 %.")
    }

    @Test("What is refused is told by its status, and costs nothing else")
    func refused() throws {
        let controller = try NVMeRecordedController.complete()
        controller.refuse("log 2 0", 0x4109)
        controller.answer("log 6 0", [])
        controller.refuse("identify 0 2", 0x000B)
        let (record, _, document) = try ask(controller)
        #expect(record.outcome == .ok)
        #expect(
            document?.refused == [
                "health": "invalid log page (SCT 1, SC 09h)",
                "namespace-2": "invalid namespace or format (SCT 0, SC 0Bh)",
            ])
        #expect(document?.health == nil && document?.firmware != nil)
        #expect(document?.namespaces.map { $0.identity != nil } == [true, false])
        #expect(record.facts["refused"]?["health"] == "invalid log page (SCT 1, SC 09h)")
    }

    @Test("A controller that refuses to identify itself has failed")
    func noController() throws {
        let (record, sink, _) = try ask(NVMeRecordedController())
        #expect(record.outcome == .failed)
        #expect(
            record.reason
                == "Identify Controller on /dev/nvme0: invalid field in command (SCT 0, SC 02h)")
        #expect(sink.artifacts.isEmpty && record.facts.isEmpty)
        #expect(NVMeProbe().findings(in: [record]).map(\.fault) == ["storage.nvme.failed"])
    }

    @Test("Without rights it is skipped, and says what would give it")
    func noRights() throws {
        let controller = try NVMeRecordedController.recorded()
        controller.fail("identify 1 0", .permissionDenied)
        let (record, _, _) = try ask(controller)
        #expect(record.outcome == .skipped)
        #expect(record.reason?.hasSuffix(DeviceRefusal.words("CAP_SYS_ADMIN")) == true)
        #expect(controller.asked == ["identify 1 0"])
        #expect(NVMeProbe().findings(in: [record]) == [])
    }

    @Test("A controller that goes away keeps what it said before")
    func lost() throws {
        let controller = try NVMeRecordedController.recorded()
        controller.fail("log 3 0", .operationNotSupportedByDevice)
        let (record, _, document) = try ask(controller)
        #expect(record.outcome == .failed)
        #expect(document?.health != nil && document?.namespaces == [])
        #expect(controller.asked.last == "log 3 0")
        #expect(record.facts["model"] == "QEMU NVMe Ctrl")
    }

    @Test("Persistent events are read in a context that is released")
    func persistentEvents() throws {
        let controller = try NVMeRecordedController.complete()
        let (_, sink, document) = try ask(controller, Self.eventRequest)
        let asked = controller.asked.filter { $0.hasPrefix("events") }
        #expect(asked == ["events 1", "events 0", "events 2"])
        #expect(document?.persistentEvents?.events.map(\.name) == ["thermalExcursion"])
        #expect(sink["nvme/nvme0/persistent-events.bin"]?.bytes.count == 538)
    }

    @Test("A context is released after an error, and that of another is left alone")
    func eventContexts() throws {
        let broken = try NVMeRecordedController.complete()
        broken.refuse("events 0", 0x0006)
        let (_, _, document) = try ask(broken, Self.eventRequest)
        #expect(broken.asked.last == "events 2")
        #expect(document?.persistentEvents?.fault != nil)
        let busy = try NVMeRecordedController.complete()
        busy.refuse("events 1", 0x000C)
        _ = try ask(busy, Self.eventRequest)
        #expect(!busy.asked.contains("events 2"))
    }

    @Test("Of very many namespaces all are read, and the bytes of the first are kept")
    func manyNamespaces() throws {
        let controller = try NVMeRecordedController.recorded()
        var list = [UInt8]()
        let sample = try #require(
            try? NVMeRecordedController.recorded().execute(
                .identify(.namespace, namespaceIdentifier: 1)))
        guard case .data(let namespace) = sample else { return }
        for number in 1...UInt32(200) {
            for shift in [UInt32(0), 8, 16, 24] { list.append(UInt8(number >> shift & 0xFF)) }
            controller.answer("identify 0 \(number)", namespace)
            controller.refuse("identify 3 \(number)", 0x4002)
        }
        controller.answer("identify 2 0", list)
        let (_, sink, document) = try ask(controller)
        #expect(document?.namespaces.count == 200 && document?.hasAllNamespaces == true)
        let kept = sink.artifacts.filter { $0.opening.path.contains("/namespace-") }
        #expect(kept.count == NVMeReader.keptNamespaceLimit)
    }

    @Test("A controller of version 1.0 is asked for each namespace")
    func oldVersion() throws {
        let controller = try NVMeRecordedController.recorded()
        var identity = try #require(
            try? NVMeRecordedController.recorded().execute(.identify(.controller)))
        if case .data(var bytes) = identity {
            bytes.replaceSubrange(80..<84, with: [0, 0, 0, 0])
            bytes.replaceSubrange(516..<520, with: [3, 0, 0, 0])
            identity = .data(bytes)
            controller.answer("identify 1 0", bytes)
        }
        controller.refuse("identify 2 0", 0x4002)
        let (_, _, document) = try ask(controller)
        #expect(document?.namespaces.map(\.identifier) == [1, 2])
        #expect(!controller.asked.contains("log 4 0") && !controller.asked.contains("identify 3 1"))
        let log = controller.commands.first { $0.operation == .getLogPage }
        #expect(log.map { $0.doubleWords[0] >> 15 & 1 } == 0)
    }

    @Test("What is no NVMe controller is skipped, and what is not there, too")
    func noDevice() throws {
        let host = try FixtureHost(listing: "dev/nvme0 = x\n")
        let context = CollectionContext(root: try host.tree())
        let file = try NVMeProbe().run(Self.request, in: context, into: MemorySink())
        #expect(file.outcome == .skipped)
        #expect(file.reason?.contains("it is no NVMe controller") == true)
        let none = try NVMeProbe().run(
            ProbeRequest(kind: "nvme", target: "/dev/nvme7"), in: context, into: MemorySink())
        #expect(none.outcome == .skipped && none.reason?.contains("open /dev/nvme7") == true)
    }

    @Test("The lists of choices in the schema are those of the types")
    func choices() {
        func choices(_ definition: String, _ property: String, inItems: Bool = false) -> [String] {
            let value = PublishedSchema.nvme.value["$defs"]?[definition]?["properties"]?[property]
            let list = inItems ? value?["items"]?["enum"] : value?["enum"]
            guard case .array(let elements)? = list else { return [] }
            return elements.compactMap(\.text)
        }
        func names<Choice: CaseIterable & RawRepresentable<String>>(_: Choice.Type) -> [String] {
            Choice.allCases.map(\.rawValue)
        }
        #expect(
            choices("health", "criticalWarnings", inItems: true)
                == names(NVMeSMARTLog.Warning.self))
        #expect(choices("selfTest", "outcome") == names(NVMeSelfTestLog.Outcome.self))
        #expect(choices("sanitize", "outcome") == names(NVMeSanitizeLog.Outcome.self))
        #expect(choices("accessGroup", "state") == names(NVMeANALog.State.self))
    }

    @Test("A controller that does not answer is the worst")
    func hung() {
        let record = ProbeRecord(
            kind: "nvme", target: "/dev/nvme3", outcome: .hung, seconds: 5,
            kernelStack: ["blk_execute_rq"])
        let findings = NVMeProbe().findings(in: [record])
        #expect(findings.map(\.fault) == ["storage.nvme.hung"])
        #expect(findings.map(\.severity) == [.critical])
        #expect(findings.first?.reason.contains("blk_execute_rq") == true)
    }

    @Test(
        "Thresholds of wear and temperature are those that are told",
        arguments: [
            (89, 300, nil), (90, 300, "minor storage.nvme.worn"),
            (100, 300, "major storage.nvme.worn"), (0, 343, "minor storage.nvme.hot"),
            (0, 372, "minor storage.nvme.hot"), (0, 373, "major storage.nvme.overheated"),
        ] as [(Int64, Int64, String?)])
    func thresholds(used: Int64, kelvin: Int64, expected: String?) {
        let record = ProbeRecord(
            kind: "nvme", target: "/dev/nvme0", outcome: .ok, seconds: 0,
            facts: [
                "warningKelvin": 343, "criticalKelvin": 373,
                "health": [
                    "percentageUsed": .integer(used), "temperatureKelvin": .integer(kelvin),
                    "availableSparePercent": 0, "spareThresholdPercent": 0, "mediaErrors": 0,
                ],
            ])
        let found = NVMeProbe().findings(in: [record]).map { "\($0.severity.rawValue) \($0.fault)" }
        #expect(found == [expected].compactMap(\.self))
    }
}
