import DiagModel
import Testing

@testable import DiagFormats

@Suite("NVMe Identify")
struct NVMeIdentifyTests {
    /// What `value` is as JSON.
    static func json(_ value: some Encodable) throws -> JSONValue {
        try JSONDocument.decode(
            JSONValue.self, from: try JSONDocument.encode(value, layout: .line))
    }

    /// Checks that each field of `layout`, in the order of the specification with its width, has
    /// the number that stands in `bytes` there. A field without a name is reserved, or checked
    /// elsewhere; one named `group.field` is a member of a member.
    static func check(
        _ value: some Encodable, _ bytes: [UInt8], from start: Int = 0,
        _ layout: [(name: String, width: Int)]
    ) throws {
        let json = try json(value)
        var offset = start
        for (name, width) in layout {
            defer { offset += width }
            if name.isEmpty { continue }
            var wanted: UInt128 = 0
            for index in (0..<width).reversed() {
                wanted = wanted << 8 | UInt128(bytes[offset + index])
            }
            var found: JSONValue? = json
            for part in name.split(separator: ".") { found = found?[String(part)] }
            let expected: JSONValue =
                if let small = Int64(exactly: wanted) {
                    .integer(small)
                } else if width <= 8 {
                    .integer(UInt64(wanted))
                } else {
                    .string(String(wanted))
                }
            #expect(found == expected, "\(name) at \(offset)")
        }
    }

    @Test("Every field of Identify Controller is read at the offset of the specification")
    func controllerLayout() throws {
        let bytes = NVMeSamples.pattern(4096)
        let controller = try NVMeIdentifyController(parsing: bytes.span)
        try Self.check(
            controller, bytes,
            [
                ("vendorIdentifier", 2), ("subsystemVendorIdentifier", 2), ("", 20), ("", 40),
                ("", 8), ("recommendedArbitrationBurst", 1), ("ieeeIdentifier", 3),
                ("multipathCapabilities", 1), ("maximumDataTransferExponent", 1),
                ("controllerIdentifier", 2), ("version", 4), ("resumeLatencyMicroseconds", 4),
                ("entryLatencyMicroseconds", 4), ("optionalEvents", 4), ("attributes", 4),
                ("readRecoveryLevels", 2), ("", 9), ("controllerType", 1), ("", 16), ("", 6),
                ("", 119), ("subsystemReport", 1), ("vitalDataWriteCycles", 1),
                ("managementEndpoints", 1), ("optionalAdminCommands", 2),
                ("abortCommandLimit", 1), ("eventRequestLimit", 1), ("firmwareUpdates", 1),
                ("logPageAttributes", 1), ("errorLogEntries", 1), ("", 1),
                ("adminVendorCommands", 1), ("autonomousPowerTransitions", 1),
                ("warningTemperatureKelvin", 2), ("criticalTemperatureKelvin", 2),
                ("firmwareActivationTime", 2), ("hostMemoryPreferred", 4),
                ("hostMemoryMinimum", 4), ("totalCapacityBytes", 16),
                ("unallocatedCapacityBytes", 16), ("replayProtectedMemory", 4),
                ("extendedSelfTestMinutes", 2), ("selfTestOptions", 1),
                ("firmwareUpdateGranularity", 1), ("keepAliveGranularity", 2),
                ("hostThermalManagement", 2), ("minimumThermalKelvin", 2),
                ("maximumThermalKelvin", 2), ("sanitizeCapabilities", 4),
                ("hostMemoryMinimumDescriptor", 4), ("hostMemoryMaximumDescriptors", 2),
                ("setIdentifierMaximum", 2), ("enduranceGroupMaximum", 2),
                ("anaTransitionSeconds", 1), ("anaCapabilities", 1), ("anaGroupMaximum", 4),
                ("anaGroupCount", 4), ("persistentEventLogSize", 4), ("domainIdentifier", 2),
                ("", 10), ("enduranceGroupCapacityBytes", 16), ("", 128),
                ("commandSet.submissionEntrySizes", 1), ("commandSet.completionEntrySizes", 1),
                ("commandSet.maximumCommands", 2), ("commandSet.namespaceIdentifierMaximum", 4),
                ("commandSet.optionalCommands", 2), ("commandSet.fusedOperations", 2),
                ("commandSet.formatAttributes", 1), ("commandSet.volatileWriteCache", 1),
                ("commandSet.atomicWriteUnit", 2), ("commandSet.atomicWriteUnitPowerFail", 2),
                ("commandSet.vendorCommands", 1), ("commandSet.writeProtection", 1),
                ("commandSet.atomicCompareWriteUnit", 2), ("commandSet.copyFormats", 2),
                ("commandSet.scatterGatherLists", 4), ("commandSet.maximumNamespaces", 4),
                ("commandSet.maximumDomainAttachments", 16),
                ("commandSet.maximumAttachments", 4), ("", 204), ("", 256), ("", 768),
                ("fabrics.commandCapsuleSize", 4), ("fabrics.responseCapsuleSize", 4),
                ("fabrics.inCapsuleDataOffset", 2), ("fabrics.attributes", 1),
                ("fabrics.maximumDataBlockDescriptors", 1), ("fabrics.optionalCommands", 2),
                ("fabrics.discoveryControllerType", 1),
            ])
        #expect(controller.retryDelays.count == 3)
        #expect(controller.replaceableUnitGUID.utf8.count == 32)
        #expect(controller.powerStates.count == Int(bytes[263]) + 1)
    }

    @Test("What QEMU's controller says of itself is read")
    func recordedController() throws {
        let controllerBytes = try NVMeSamples.recorded("controller")
        let controller = try NVMeIdentifyController(parsing: controllerBytes.span)
        #expect(controller.vendorIdentifier == 0x1B36)
        #expect(controller.subsystemVendorIdentifier == 0x1AF4)
        #expect(controller.serialNumber == "DBLAB0000001")
        #expect(controller.modelNumber == "QEMU NVMe Ctrl")
        #expect(controller.firmwareRevision == "7.2.22")
        #expect(controller.ieeeIdentifier == 0x525400)
        #expect(controller.versionText == "1.4.0")
        #expect(controller.maximumDataTransferExponent == 7)
        #expect(controller.warningTemperatureKelvin == 343)
        #expect(controller.criticalTemperatureKelvin == 373)
        #expect(controller.subsystemName == "nqn.2019-08.org.qemu:lab")
        #expect(controller.commandSet.namespaceIdentifierMaximum == 256)
        #expect(controller.fabrics == nil)
        #expect(controller.isAtLeast(1, 4) && !controller.isAtLeast(2, 0))
        #expect(controller.hasCommandEffectsLog && controller.hasLogOffsets)
        #expect(controller.hasChangedNamespaceList && controller.hasNamespaceManagement)
        #expect(!controller.hasSelfTest && !controller.hasANA && !controller.hasSanitize)
        #expect(
            controller.supports == [
                "multipleControllers", "format", "namespaceManagement", "doorbellBuffer",
                "healthLogPerNamespace", "commandEffectsLog", "logOffsets",
                "extendedBlockFormats", "compare", "datasetManagement", "writeZeroes",
                "saveFeatures", "timestamp", "copy",
            ])
        let state = try #require(controller.powerStates.first)
        #expect(controller.powerStates.count == 1)
        #expect(state.maximumMicrowatts == 25_000_000)
        #expect(state.entryLatencyMicroseconds == 16)
        #expect(state.exitLatencyMicroseconds == 4)
        #expect(state.idleMicrowatts == nil)
    }

    @Test("The scales of a power state give microwatts")
    func powerState() throws {
        var bytes = NVMeSamples.bytes(
            32,
            [
                (0x1234, 2, 0), (3, 1, 3), (5, 4, 4), (6, 4, 8), (1, 1, 12), (2, 1, 13), (3, 1, 14),
                (4, 1, 15), (7, 2, 16), (0x40, 1, 18), (9, 2, 20), (0x82, 1, 22),
            ])
        let small = try NVMePowerState(bytes.span, at: 0)
        #expect(small.maximumMicrowatts == 0x1234 * 100)
        #expect(small.isNonOperational)
        #expect([small.relativeReadThroughput, small.relativeReadLatency] == [1, 2])
        #expect([small.relativeWriteThroughput, small.relativeWriteLatency] == [3, 4])
        #expect(small.idleMicrowatts == 700)
        #expect(small.activeMicrowatts == 90_000)
        #expect(small.activePowerWorkload == 2)
        bytes[3] = 0
        let large = try NVMePowerState(bytes.span, at: 0)
        #expect(large.maximumMicrowatts == 0x1234 * 10_000)
    }

    @Test("Every field of Identify Namespace is read at the offset of the specification")
    func namespaceLayout() throws {
        let bytes = NVMeSamples.pattern(4096)
        let namespace = try NVMeIdentifyNamespace(parsing: bytes.span)
        try Self.check(
            namespace, bytes,
            [
                ("sizeInBlocks", 8), ("capacityInBlocks", 8), ("usedBlocks", 8), ("features", 1),
                ("", 1), ("formattedSize", 1), ("metadataCapabilities", 1),
                ("protectionCapabilities", 1), ("protectionSettings", 1),
                ("multipathCapabilities", 1), ("reservationCapabilities", 1),
                ("formatProgress", 1), ("deallocateFeatures", 1), ("atomicWriteUnit", 2),
                ("atomicWriteUnitPowerFail", 2), ("atomicCompareWriteUnit", 2),
                ("atomicBoundary", 2), ("atomicBoundaryOffset", 2),
                ("atomicBoundaryPowerFail", 2), ("optimalBoundaryInBlocks", 2),
                ("capacityBytes", 16), ("preferredWriteGranularity", 2),
                ("preferredWriteAlignment", 2), ("preferredDeallocateGranularity", 2),
                ("preferredDeallocateAlignment", 2), ("optimalWriteSize", 2), ("", 18),
                ("anaGroup", 4), ("", 3), ("attributes", 1), ("nvmSet", 2),
                ("enduranceGroup", 2),
            ])
        #expect(namespace.blockFormats.count == 64)
    }

    @Test("QEMU's namespaces have their sizes, formats and names")
    func recordedNamespaces() throws {
        let firstBytes = try NVMeSamples.recorded("namespace-1")
        let first = try NVMeIdentifyNamespace(parsing: firstBytes.span)
        #expect(first.sizeInBlocks == 131_072)
        #expect(first.blockByteCount == 512)
        #expect(first.byteCount == 64 << 20)
        #expect(first.eui64 == "0123456789abcdef")
        #expect(first.nguid == nil)
        #expect(first.blockFormats.count == 8)
        #expect(first.blockFormats.map(\.metadataByteCount) == [0, 8, 16, 64, 0, 8, 16, 64])
        let secondBytes = try NVMeSamples.recorded("namespace-2")
        let second = try NVMeIdentifyNamespace(parsing: secondBytes.span)
        #expect(second.blockByteCount == 4096)
        #expect(second.byteCount == 32 << 20)
        let namesBytes = try NVMeSamples.recorded("namespace-1-names")
        let names = try NVMeNamespaceNames(parsing: namesBytes.span)
        #expect(names.uuid == "6c0a2a52-2f0b-4a0c-9a7e-3d6c2f1b8e01")
        #expect(names.eui64 == "0123456789abcdef")
        #expect(names.commandSet == 0)
        #expect(names.otherTypes == [])
        let activeBytes = try NVMeSamples.recorded("active-namespaces")
        let active = try NVMeNamespaceList(parsing: activeBytes.span)
        #expect(active.identifiers == [1, 2] && !active.isOverflowing)
        let controllersBytes = try NVMeSamples.recorded("controllers")
        let controllers = try NVMeIdentifierList(parsing: controllersBytes.span)
        #expect(controllers.identifiers == [0])
    }

    @Test("Seventeen formats and more use two more bits of the index")
    func extendedFormats() throws {
        var bytes = NVMeSamples.bytes(4096, [(10, 8, 0), (20, 1, 25), (0x32, 1, 26)])
        bytes[128 + 18 * 4 + 2] = 12
        let namespace = try NVMeIdentifyNamespace(parsing: bytes.span)
        #expect(namespace.formatIndex == 18)
        #expect(namespace.byteCount == 40_960)
        // The same with sixteen: bits 6:5 mean nothing, and format 2 has no size.
        bytes[25] = 15
        let older = try NVMeIdentifyNamespace(parsing: bytes.span)
        #expect(older.formatIndex == 2 && older.blockByteCount == nil && older.byteCount == nil)
    }

    @Test("A size beyond 64 bits is none")
    func enormous() throws {
        let bytes = NVMeSamples.bytes(4096, [(.max, 8, 0), (9, 1, 130)])
        let namespace = try NVMeIdentifyNamespace(parsing: bytes.span)
        #expect(namespace.blockByteCount == 512 && namespace.byteCount == nil)
    }

    @Test("Lists end where they say, and counts that are not there are refused")
    func lists() throws {
        let full = NVMeSamples.bytes(4096, [(UInt64(UInt32.max), 4, 0)])
        let changed = try NVMeNamespaceList(parsing: full.span)
        #expect(changed.isOverflowing && changed.identifiers == [])
        let short = NVMeSamples.bytes(8, [(4, 2, 0)])
        #expect(throws: FormatError.self) { try NVMeIdentifierList(parsing: short.span) }
        let long = NVMeSamples.bytes(5000, [(2048, 2, 0)])
        #expect(
            throws: FormatError.invalid(field: "number of identifiers", offset: 0, value: 2048)
        ) { try NVMeIdentifierList(parsing: long.span) }
        let bytes = NVMeSamples.bytes(1024, [(1, 1, 4), (1, 1, 8), (2, 1, 12), (1, 1, 0x81 * 4)])
        let pages = try NVMeSupportedLogPages(parsing: bytes.span)
        #expect(pages.identifiers == [1, 2, 0x81])
    }
}
