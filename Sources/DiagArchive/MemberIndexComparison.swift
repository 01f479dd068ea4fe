/// The members of a bundle as they were read, to be compared with its index of members.
struct MemberIndexComparison {
    private struct Found {
        let isDirectory: Bool
        let byteCount: Int64
        let sha256: String
        let headerOffset: Int64
        let contentOffset: Int64
        let dataByteCount: Int64?
    }

    /// A larger index is not compared.
    static let byteLimit = 64 << 20

    private let object: String
    private var found = [MemberPath: Found]()
    private var content = [UInt8]()
    private var contentOffset: Int64 = 0
    /// Whether there is an index.
    private(set) var hasIndex = false
    /// Whether the index is too large to be compared.
    private(set) var isTooLarge = false
    /// Whether a member came behind the index.
    private var isFollowed = false

    /// `object` names the bundle in errors.
    init(of object: String) { self.object = object }

    /// Notes a member, `path` being that below the top folder.
    mutating func add(
        _ path: MemberPath, _ member: BundleReader.Member, byteCount: Int64, sha256: String
    ) {
        if hasIndex { isFollowed = true }
        found[path] = Found(
            isDirectory: member.isDirectory, byteCount: byteCount, sha256: sha256,
            headerOffset: member.headerOffset, contentOffset: member.contentOffset,
            dataByteCount: member.dataByteCount)
    }

    /// Notes where the index is; its bytes follow by ``take(_:)``.
    mutating func begin(_ member: BundleReader.Member) {
        hasIndex = true
        contentOffset = member.contentOffset
    }

    /// Takes the next bytes of the index.
    mutating func take(_ bytes: Span<UInt8>) {
        guard !isTooLarge, bytes.count <= Self.byteLimit - content.count else {
            isTooLarge = true
            content = []
            return
        }
        content.append(copying: bytes)
    }

    /// What the index says otherwise than it was read in a stream of `streamByteCount` bytes below
    /// the folder `top`.
    ///
    /// What was noted is used up.
    mutating func differences(top: [UInt8], streamByteCount: Int64) -> [String] {
        let name = MemberIndexFormat.name
        guard hasIndex, !isTooLarge else { return [] }
        guard !isFollowed else { return ["\(name): it does not stand last"] }
        let end = contentOffset + Int64(content.count)
        guard streamByteCount == end + Int64(MemberIndexFormat.archiveEndByteCount) else {
            return ["\(name): what stands behind it is not the end of the archive alone"]
        }
        var differences = [String]()
        var rest = [MemberPath: Found]()
        swap(&rest, &found)
        let (bytes, start) = (content, contentOffset)
        do throws(ArchiveError) {
            let opened = try MemberIndex.open(
                streamByteCount: streamByteCount, object: object, memberLimit: .max
            ) { offset, count throws(ArchiveError) in
                let from = max(0, Int(clamping: offset - start))
                let part = bytes[min(from, bytes.count)..<min(from + count, bytes.count)]
                return Array(part) + repeatElement(0, count: count - part.count)
            }
            guard let index = opened else { return ["\(name): it is no index of members"] }
            if index.top.bytes != top {
                differences.append("\(name): its top folder is \(index.top.text)")
            }
            try index.forEach { member throws(ArchiveError) in
                let read = rest.removeValue(forKey: member.path)
                differences += Self.differences(of: member, read)
            }
            for path in rest.keys { differences.append("\(name): it does not list \(path.text)") }
        } catch { differences.append("\(error)") }
        return differences
    }

    private static func differences(of member: IndexedMember, _ read: Found?) -> [String] {
        let path = member.path.text
        let name = MemberIndexFormat.name
        guard let read else { return ["\(name): it lists \(path), which is not there"] }
        guard read.isDirectory == (member.kind == .directory) else {
            return ["\(path): \(name) says that it is of another kind"]
        }
        guard let mapByteCount = member.mapByteCount(ofData: read.dataByteCount) else {
            return [
                "\(path): \(name) says that it is \(read.dataByteCount == nil ? "" : "not ")sparse"
            ]
        }
        var differences = [String]()
        let contentOffset = read.contentOffset.subtractingReportingOverflow(mapByteCount)
            .partialValue
        if read.headerOffset != member.headerOffset || contentOffset != member.contentOffset {
            differences.append(
                "\(path): at \(read.headerOffset) and \(contentOffset), \(name) says"
                    + " \(member.headerOffset) and \(member.contentOffset)")
        }
        guard !read.isDirectory else { return differences }
        if read.byteCount != member.byteCount {
            differences.append(
                "\(path): \(read.byteCount) bytes, \(name) says \(member.byteCount)")
        } else if read.sha256 != member.sha256.hexadecimal {
            differences.append(
                "\(path): SHA-256 is \(read.sha256), \(name) says \(member.sha256.hexadecimal)")
        }
        return differences
    }
}
