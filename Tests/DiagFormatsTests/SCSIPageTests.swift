import Testing

@testable import DiagFormats

/// What a disk says that it is. Samples built from the specifications.
@Suite struct SCSIPageTests {
    @Test("INQUIRY gives names, flags and standards")
    func inquiry() throws {
        let value = try SCSISamples.read(SCSISamples.inquiry) { try SCSIInquiry(parsing: $0) }
        #expect(value.vendor == "EXAMPLE" && value.product == "ST4000NM0000")
        #expect(value.revision == "E004" && value.version == 6)
        #expect(value.peripheralQualifier == 0 && value.peripheralDeviceType == 0)
        #expect(value.isRemovable && value.isProtectionSupported && value.hasEnclosureServices)
        #expect(value.hasMultiplePorts && value.queuesCommands)
        #expect(value.targetPortGroupSupport == 3)
        #expect(value.versionDescriptors == [0x00C0, 0x0460])
        let short = try SCSISamples.read(SCSISamples.inquiry) {
            try SCSIInquiry(parsing: $0.extracting(0..<36))
        }
        #expect(short.versionDescriptors == [])
    }

    @Test("The lists of pages and the serial number are read")
    func lists() throws {
        #expect(
            try SCSISamples.read(SCSISamples.supportedVital) {
                try SCSISupportedVitalPages(parsing: $0)
            }.codes
                == [0x00, 0x80, 0x83, 0x86, 0x87, 0x88, 0xB0, 0xB1, 0xB2, 0xB6])
        #expect(
            try SCSISamples.read(SCSISamples.serial) { try SCSIUnitSerialNumber(parsing: $0) }
                .serialNumber == "ZMADEUP1")
        #expect(throws: FormatError.invalid(field: "PAGE CODE", offset: 1, value: 0x80)) {
            try SCSISamples.read(SCSISamples.serial) { try SCSIDeviceIdentification(parsing: $0) }
        }
    }

    @Test("Page 83h names unit, port and device, each in its form")
    func designators() throws {
        let page = try SCSISamples.read(SCSISamples.designators) {
            try SCSIDeviceIdentification(parsing: $0)
        }
        #expect(page.worldWideName == "naa.5000c500a1b2c3d4")
        #expect(
            page.designators.map(\.value) == [
                "5000c500a1b2c3d4", "5000c500a1b2c3d5", "1", "2", "naa.5000C500A1B2C3D7",
                "EXAMPLE MADEUP1", "000102030405060708090a0b0c0d0e0f",
            ])
        #expect(
            page.designators.map(\.kind) == [
                .naa, .naa, .relativeTargetPort, .targetPortGroup, .scsiName, .t10Vendor, .uuid,
            ])
        #expect(
            page.designators.map(\.association) == [
                .logicalUnit, .targetPort, .targetPort, .targetPort, .targetDevice, .logicalUnit,
                .logicalUnit,
            ])
        #expect(page.designators.map(\.protocolIdentifier) == [nil, 6, 6, 6, 6, nil, nil])
    }

    @Test("Extended INQUIRY, mode page policy, ports and ATA information are read")
    func vital() throws {
        let extended = try SCSISamples.read(SCSISamples.extended) {
            try SCSIExtendedInquiry(parsing: $0)
        }
        #expect(extended.supportedProtectionTypes == 7)
        #expect(extended.checksGuard && extended.checksApplicationTag)
        #expect(extended.hasNonVolatileCache && extended.hasVolatileCache)
        #expect(extended.supportsWriteUncorrectable && extended.checksReferenceTag)
        #expect(extended.extendedSelfTestMinutes == 600 && extended.maximumSenseByteCount == 252)
        #expect(
            try SCSISamples.read(SCSISamples.policy) { try SCSIModePagePolicy(parsing: $0) }.entries
                == [
                    .init(pageCode: 8, subpageCode: 0, isSharedByUnits: true, policy: 0),
                    .init(pageCode: 0x3F, subpageCode: 0xFF, isSharedByUnits: false, policy: 3),
                ])
        let ports = try SCSISamples.read(SCSISamples.ports) { try SCSIPorts(parsing: $0) }.ports
        #expect(ports.map(\.relativePortIdentifier) == [1, 2])
        #expect(
            ports.flatMap(\.designators).map(\.value) == ["5000c500a1b2c3d5", "5000c500a1b2c3d6"])
        let ata = try SCSISamples.read(SCSISamples.ata) { try SCSIATAInformation(parsing: $0) }
        #expect(ata.translationVendor == "linux" && ata.translationProduct == "libata")
        #expect(ata.translationRevision == "3.00" && ata.commandCode == 0xEC)
        #expect(SCSISamples.ata.count == SCSIATAInformation.identifyOffset + 512)
    }

    @Test("The pages of block devices are read")
    func block() throws {
        let limits = try SCSISamples.read(SCSISamples.limits) { try SCSIBlockLimits(parsing: $0) }
        #expect(limits.isWriteSameZeroRefused && limits.maximumTransferBlocks == 65_535)
        #expect(
            limits.optimalTransferGranularityBlocks == 8 && limits.optimalTransferBlocks == 1024)
        #expect(limits.maximumUnmapBlocks == 4_194_304 && limits.maximumUnmapDescriptors == 256)
        #expect(limits.optimalUnmapGranularityBlocks == 16)
        #expect(limits.unmapGranularityAlignmentBlocks == 3)
        #expect(limits.maximumWriteSameBlocks == 1 << 33 && limits.maximumAtomicBlocks == 64)
        let old = try SCSISamples.read(SCSISamples.vital(0xB0, [UInt8](repeating: 0, count: 12))) {
            try SCSIBlockLimits(parsing: $0)
        }
        #expect(old.maximumUnmapBlocks == nil && old.maximumWriteSameBlocks == nil)
        let block = try SCSISamples.read(SCSISamples.characteristics) {
            try SCSIBlockCharacteristics(parsing: $0)
        }
        #expect(block.rotationsPerMinute == 7200 && block.nominalFormFactorInches == "3.5")
        #expect(block.zoned == 1 && block.depopulationSeconds == 3600)
        let provisioning = try SCSISamples.read(SCSISamples.provisioning) {
            try SCSIProvisioning(parsing: $0)
        }
        #expect(provisioning.supportsUnmap && provisioning.supportsWriteSame16)
        #expect(provisioning.supportsWriteSame10 && provisioning.unmappedReadContent == 1)
        #expect(provisioning.supportsAnchor && provisioning.provisioningType == 2)
        let zoned = try SCSISamples.read(SCSISamples.zoned) {
            try SCSIZonedCharacteristics(parsing: $0)
        }
        #expect(zoned.areReadsUnrestricted && zoned.optimalOpenPreferredZones == nil)
        #expect(zoned.optimalRandomlyWrittenZones == 16 && zoned.maximumOpenRequiredZones == 128)
    }

    @Test("READ CAPACITY gives the size, also of a disk with blocks of 4096 bytes")
    func capacity() throws {
        let long = try SCSISamples.read(SCSISamples.capacity16) { try SCSICapacity(parsing16: $0) }
        #expect(long.byteCount == 4_000_787_030_016 && long.physicalBlockByteCount == 4096)
        #expect(long.protectionType == 2 && long.isThinlyProvisioned == true)
        #expect(long.doUnmappedBlocksReadZero == true && long.lowestAlignedBlock == 1)
        let short = try SCSISamples.read(SCSISamples.capacity10) { try SCSICapacity(parsing10: $0) }
        #expect(short.byteCount == 0x1234_5678 * 512 && short.physicalBlockByteCount == nil)
        let endless = [UInt8](repeating: 0xFF, count: 32)
        #expect(try SCSISamples.read(endless) { try SCSICapacity(parsing16: $0) }.byteCount == nil)
    }

    @Test("Sense data of both forms give key, code and words")
    func sense() throws {
        let fixed = try SCSISamples.read(SCSISamples.fixedSense) { try SCSISense(parsing: $0) }
        #expect(fixed.senseKey == 3 && fixed.information == 0x1234 && !fixed.isDeferred)
        #expect(fixed.text == "medium error (11/00): a block cannot be read")
        let descriptor = try SCSISamples.read(SCSISamples.descriptorSense) {
            try SCSISense(parsing: $0)
        }
        #expect(descriptor.information == 99)
        #expect(
            descriptor.text == "illegal request (24/00): a field of the command is not supported")
        #expect(
            descriptor.ataRegisters
                == .init(
                    error: 0, count: 0xFF, logicalBlockAddress: 0x03_02_01, status: 0x50,
                    device: 0xA0))
        #expect(throws: FormatError.self) {
            try SCSISamples.read([UInt8(0)]) { try SCSISense(parsing: $0) }
        }
        #expect(
            SCSISenseText.words(0x5D, 0x32)
                == "failure predicted: data channel, data error rate too high")
    }

    @Test("Port groups and mode pages are read")
    func others() throws {
        let groups = try SCSISamples.read(SCSISamples.portGroups) {
            try SCSITargetPortGroups(parsing: $0)
        }.groups
        #expect(groups.map(\.asymmetricAccessState) == [.activeOptimized, .standby])
        #expect(groups.map(\.relativeTargetPorts) == [[1], [2]])
        #expect(groups.map(\.isPreferred) == [true, false])
        let long = try SCSISamples.read(SCSISamples.mode10(SCSISamples.caching)) {
            try SCSIModeData(parsing10: $0)
        }
        #expect(long.isWriteProtected && long.supportsForcedAccess)
        let page = try #require(long[8])
        let caching = try SCSICachingPage(parsing: page.bytes.span)
        #expect(caching.isWriteCacheEnabled && !caching.isReadCacheDisabled)
        #expect(caching.isReadAheadDisabled && !caching.isNonVolatileCacheDisabled)
        let short = try SCSISamples.read(SCSISamples.mode6(SCSISamples.control)) {
            try SCSIModeData(parsing6: $0)
        }
        let control = try SCSISamples.read(try #require(short[0x1C]).bytes) {
            try SCSIExceptionsControlPage(parsing: $0)
        }
        #expect(control.areWarningsEnabled && !control.isReportingDisabled)
        #expect(control.methodOfReporting == 6 && !short.isWriteProtected)
    }
}
