/// What MODE SENSE gave: the header and the pages as they are. Source: SPC-6, sections 7.5.6 and 7.5.8.
public struct SCSIModeData: Codable, Hashable, Sendable {
    /// One mode page.
    public struct Page: Codable, Hashable, Sendable {
        /// Its code.
        public let code: UInt8
        /// Its subpage, 0 for the page itself.
        public let subpage: UInt8
        /// Its bytes, the header included.
        public let bytes: [UInt8]
    }

    /// Whether the medium is protected against writing.
    public let isWriteProtected: Bool
    /// Whether it knows forced unit access: writes that pass by the cache.
    public let supportsForcedAccess: Bool
    /// The pages, in the device's order.
    public let pages: [Page]

    /// Reads what MODE SENSE (6) gave.
    public init(parsing6 bytes: Span<UInt8>) throws(FormatError) {
        let end = 1 + Int(try bytes.byte(at: 0, field: "MODE DATA LENGTH"))
        let descriptors = Int(try bytes.byte(at: 3, field: "BLOCK DESCRIPTOR LENGTH"))
        try self.init(bytes, flags: 2, start: 4 + descriptors, end: end)
    }

    /// Reads what MODE SENSE (10) gave.
    public init(parsing10 bytes: Span<UInt8>) throws(FormatError) {
        let end = 2 + Int(try bytes.bigEndian(UInt16.self, at: 0, field: "MODE DATA LENGTH"))
        let descriptors = try bytes.bigEndian(UInt16.self, at: 6, field: "DESCRIPTOR LENGTH")
        try self.init(bytes, flags: 3, start: 8 + Int(descriptors), end: end)
    }

    private init(
        _ bytes: Span<UInt8>, flags: Int, start: Int, end: Int
    ) throws(FormatError) {
        try bytes.check(end, at: 0, field: "mode data")
        let device = try bytes.byte(at: flags, field: "DEVICE-SPECIFIC PARAMETER")
        isWriteProtected = device & 0x80 != 0
        supportsForcedAccess = device & 0x10 != 0
        var pages = [Page]()
        var offset = start
        while offset < end {
            let first = try bytes.byte(at: offset, field: "PAGE CODE")
            let hasSubpage = first & 0x40 != 0
            let length =
                hasSubpage
                ? 4 + Int(try bytes.bigEndian(UInt16.self, at: offset + 2, field: "PAGE LENGTH"))
                : 2 + Int(try bytes.byte(at: offset + 1, field: "PAGE LENGTH"))
            guard length <= end - offset else {
                throw .truncated(field: "mode page", offset: offset, needed: length)
            }
            pages.append(
                Page(
                    code: first & 0x3F,
                    subpage: hasSubpage ? try bytes.byte(at: offset + 1, field: "SUBPAGE") : 0,
                    bytes: try bytes.bytes(length, at: offset, field: "mode page")))
            offset += length
        }
        self.pages = pages
    }

    /// The first page with this code and no subpage.
    public subscript(code: UInt8) -> Page? {
        pages.first { $0.code == code && $0.subpage == 0 }
    }
}

/// How a disk uses its cache: mode page 08h. Source: SBC-4, section 6.5.6.
public struct SCSICachingPage: Codable, Hashable, Sendable {
    /// Whether a write is done before it is on the medium.
    public let isWriteCacheEnabled: Bool
    /// Whether reads go past the cache.
    public let isReadCacheDisabled: Bool
    /// Whether it does not read ahead.
    public let isReadAheadDisabled: Bool
    /// Whether its non-volatile cache is out of use.
    public let isNonVolatileCacheDisabled: Bool

    /// Reads the page with its header.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let first = try bytes.byte(at: 0, field: "PAGE CODE")
        guard first & 0x7F == 8 else {
            throw .invalid(field: "PAGE CODE", offset: 0, value: UInt64(first))
        }
        isWriteCacheEnabled = try bytes.isSet(2, at: 2, field: "WCE")
        isReadCacheDisabled = try bytes.isSet(0, at: 2, field: "RCD")
        isReadAheadDisabled = bytes.isSetIfPresent(5, at: 12) ?? false
        isNonVolatileCacheDisabled = bytes.isSetIfPresent(0, at: 13) ?? false
    }
}

/// How a device tells of failures to come: mode page 1Ch. Source: SPC-6, section 7.5.12.
public struct SCSIExceptionsControlPage: Codable, Hashable, Sendable {
    /// Whether it may not tell of them at all.
    public let isReportingDisabled: Bool
    /// Whether warnings, of its temperature above all, are told.
    public let areWarningsEnabled: Bool
    /// Whether it raises a false alarm as a test.
    public let isTesting: Bool
    /// Whether exceptions are written to its log.
    public let isLogged: Bool
    /// How it tells: 0 not, 2 unit attention, 3 and 4 recovered error, 5 no sense, 6 when asked.
    public let methodOfReporting: UInt8

    /// Reads the page with its header.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let first = try bytes.byte(at: 0, field: "PAGE CODE")
        guard first & 0x7F == 0x1C else {
            throw .invalid(field: "PAGE CODE", offset: 0, value: UInt64(first))
        }
        isReportingDisabled = try bytes.isSet(3, at: 2, field: "DEXCPT")
        areWarningsEnabled = try bytes.isSet(4, at: 2, field: "EWASC")
        isTesting = try bytes.isSet(2, at: 2, field: "TEST")
        isLogged = try bytes.isSet(0, at: 2, field: "LOGERR")
        methodOfReporting = try bytes.byte(at: 3, field: "MRIE") & 0xF
    }
}
