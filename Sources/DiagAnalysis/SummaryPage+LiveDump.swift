internal import DiagModel

extension SummaryPage {
    /// Says what became of the live dump, and how it is opened.
    static func tell(of dump: LiveDumpOutline, on page: inout PageText) {
        page.heading("Live kernel dump", underline: "-")
        if let file = dump.file {
            page.field("File", "\(file.name), \(ByteCountText.describe(file.byteCount))")
            if let level = file.level { page.field("Level", level) }
            page.field("Pages", file.completeness)
            page.field("Consistency", LiveDumpOutline.smear)
            page.field("How to open it", "diagbundle dump info \(file.name)")
        } else {
            page.field("File", "none; under \"Missing\" stands why")
        }
        if let name = dump.stacksName { page.field("Threads' stacks", name) }
    }
}
