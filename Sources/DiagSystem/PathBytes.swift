public import SystemPackage

extension FilePath {
    /// The bytes that the file system has for this path, which need not be UTF-8.
    public var bytes: [UInt8] {
        unsafe withPlatformString { pointer in
            unsafe UnsafeBufferPointer(start: pointer, count: length).map { UInt8(bitPattern: $0) }
        }
    }

    /// The path with these bytes, up to the first that is 0.
    public init(bytes: some Sequence<UInt8>) {
        let characters: [CInterop.PlatformChar] =
            bytes.map { CInterop.PlatformChar(bitPattern: $0) } + [0]
        self.init(platformString: characters)
    }
}
