import DiagFormats
import Testing

@testable import DiagLiveDump

@Suite("What the map of pages of a dump looks like")
struct PageMapWordsTests {
    private static let right = [
        "SIZE(page)=64", "OFFSET(page.flags)=0", "OFFSET(page._mapcount)=48",
        "OFFSET(page.mapping)=24", "OFFSET(page.private)=40", "NUMBER(SECTION_SIZE_BITS)=27",
        "NUMBER(PG_lru)=4", "NUMBER(PG_private)=13", "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129",
    ]

    private static func layout(_ lines: [String]) -> PageMapWords.Layout? {
        PageMapWords.layout(
            VMCoreInfo(parsing: Array(lines.joined(separator: "\n").utf8).span))
    }

    @Test("VMCOREINFO of Linux 6.1 is understood")
    func understood() throws {
        let layout = try #require(Self.layout(Self.right))
        #expect(layout.byteCount == 64)
        #expect(layout.mapcount == 48)
    }

    @Test(
        "A member outside of the structure is refused",
        arguments: ["flags", "_mapcount", "mapping", "private"],
        [-9_223_372_036_854_775_808, -8, -4, -1, 57, 64, 9_223_372_036_854_775_807])
    func outside(member: String, offset: Int) {
        let lines = Self.right.map {
            $0.hasPrefix("OFFSET(page.\(member))=") ? "OFFSET(page.\(member))=\(offset)" : $0
        }
        #expect(Self.layout(lines) == nil)
    }
}
