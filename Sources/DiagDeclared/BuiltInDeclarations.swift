internal import CollectorLibrary

/// The declarations that are part of the program: the files of `Collectors/`.
public enum BuiltInDeclarations {
    /// One file.
    public struct File: Hashable, Sendable {
        /// Its name, for example `network.yaml`.
        public let name: String
        /// Its text.
        public let bytes: [UInt8]
    }

    /// All files, sorted by their names.
    public static var files: [File] {
        var files = [File]()
        while let file = file(at: files.count) { files.append(file) }
        return files
    }

    /// The file that declares `collector`.
    public static func file(of collector: String) -> File? {
        let name = "\(collector).yaml"
        var index = 0
        while let entry = unsafe diag_collector_file_at(UInt(index)) {
            if unsafe String(cString: entry.pointee.name) == name { return file(at: index) }
            index += 1
        }
        return nil
    }

    /// Safe: the table and the bytes behind it are constants of the program.
    @safe private static func file(at index: Int) -> File? {
        guard let entry = unsafe diag_collector_file_at(UInt(index)) else { return nil }
        let bytes = unsafe UnsafeBufferPointer(
            start: entry.pointee.bytes, count: Int(entry.pointee.byte_count))
        return unsafe File(name: String(cString: entry.pointee.name), bytes: Array(bytes))
    }
}
