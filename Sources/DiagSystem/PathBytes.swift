public import SystemPackage

extension FilePath {
    /// The bytes that the file system has for this path, which need not be UTF-8.
    public var bytes: [UInt8] {
        unsafe withPlatformString { pointer in
            unsafe UnsafeBufferPointer(start: pointer, count: length).map { UInt8(bitPattern: $0) }
        }
    }
}
