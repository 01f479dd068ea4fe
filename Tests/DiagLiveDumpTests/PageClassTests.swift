import DiagLiveDump
import Testing

@Suite("Classes of pages")
struct PageClassTests {
    @Test("The kernel's own pages are left out by no level")
    func ownPages() {
        let always = PageClass.allCases.filter { $0.levelBit == 0 && $0.isReadable }
        #expect(always == [.kernel, .slab, .pageTable, .reserved])
    }
}
