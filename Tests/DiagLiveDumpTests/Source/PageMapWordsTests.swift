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
        "Huge pages are told by destructor, map count or first tail, and are else known to be hidden",
        arguments: [
            ([], false), (["NUMBER(PG_hugetlb)=8"], true),
            (["NUMBER(PG_hugetlb)=8", "NUMBER(PG_head_mask)=65536"], false),
            (["NUMBER(PG_hugetlb)=8", "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=-2049"], false),
            (["NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=-2049"], false),
            (["NUMBER(HUGETLB_PAGE_DTOR)=2"], true),
            (["NUMBER(HUGETLB_PAGE_DTOR)=2", "OFFSET(page.compound_dtor)=16"], true),
            (
                [
                    "NUMBER(HUGETLB_PAGE_DTOR)=2", "OFFSET(page.compound_dtor)=16",
                    "NUMBER(PG_head_mask)=65536",
                ], false
            ),
        ] as [([String], Bool)])
    func hugePages(lines: [String], isHidden: Bool) throws {
        let layout = try #require(Self.layout(Self.right + lines))
        #expect(layout.hidesHugePages == isHidden)
    }

    @Test(
        "What stands in the way of a map of pages is named",
        arguments: [
            (62, 4096, "", "no VMCOREINFO"), (183, 65_536, "PAGESIZE=65536\n", "x86-64"),
            (183, 4096, "PAGESIZE=4096\n", "x86-64"), (62, 65_536, "PAGESIZE=65536\n", "65536"),
            (62, 4096, "OSRELEASE=6.1.0\n", "struct page"),
            (62, 4096, right.joined(separator: "\n"), "the map of pages lies"),
        ] as [(UInt16, Int, String, String)])
    func obstacle(machine: UInt16, pageByteCount: Int, information: String, words: String) {
        let kernel = DumpedKernel(
            uts: [], machine: machine, pageByteCount: pageByteCount,
            vmcoreInfo: Array(information.utf8), physicalBase: 0, processorCount: 0)
        #expect(PageMapWords.obstacle(to: kernel).contains(words))
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
