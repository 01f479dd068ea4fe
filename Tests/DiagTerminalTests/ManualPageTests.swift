import DiagModel
import Testing

@testable import DiagTerminal

@Suite("Manual pages")
struct ManualPageTests {
    private func page(_ discussion: String, abstract: String = "Does it.") throws -> String {
        var command = CommandTree.Command(commandName: "tool")
        command.abstract = abstract
        command.discussion = discussion
        let page = ManualPage(
            of: CommandTree(command: command), path: [], version: "1.2", date: "2026-01-02")
        return try #require(page).text
    }

    @Test("A page has its head, name and synopsis, with version and date")
    func head() throws {
        let text = try page("")
        #expect(
            text == """
                .TH TOOL 1 2026-01-02 "tool 1.2" "User Commands"
                .SH NAME
                tool \\- Does it
                .SH SYNOPSIS
                \\fBtool\\fR
                .SH DESCRIPTION
                Does it.

                """)
    }

    @Test("No text is taken for a request, and every character stays what it is")
    func escapes() throws {
        let text = try page(".so /etc/shadow 'tis C:\\x --long-name, self-made `x` ^~")
        #expect(
            text.hasSuffix(
                """
                .PP
                \\&.so /etc/shadow \\(aqtis C:\\ex \\-\\-long\\-name, self-made \\(gax\\(ga \\(ha\\(ti

                """))
        #expect(try page("a\u{1B}[2Jb \u{E4}").hasSuffix(".PP\na [2Jb \\[u00E4]\n"))
    }

    @Test("Sentences and long lines end lines")
    func lines() throws {
        let long = (0..<40).map { "word\($0)" }.joined(separator: " ")
        let text = try page("One (a. b). Two. \(long)")
        for line in text.split(separator: "\n") { #expect(line.count <= 78, "\(line)") }
        #expect(text.contains("Two.\n"))
    }

    @Test(
        "Exit codes become a list, where they are one",
        arguments: [
            ("0 done, 3 partial (a, b), 64 usage.", ["0=done", "3=partial (a, b)", "64=usage."]),
            ("0 shown, also when it is cut, 1 not.", ["0=shown, also when it is cut", "1=not."]),
            ("as of others; 3 also for stacks.", []), ("", []), ("300 no.", []), ("0", []),
        ])
    func exitCodes(text: String, expected: [String]) {
        #expect(ManualPage.exitCodes(text).map { "\($0.code)=\($0.meaning)" } == expected)
    }

    @Test("What a page says of exit codes leaves the description")
    func exitParagraph() throws {
        let text = try page("One.\n\nTwo. Exit codes: 0 good, 1 bad.")
        #expect(text.contains(".PP\nOne.\n.PP\nTwo.\n.SH EXIT STATUS\n.TP\n\\fB0\\fR\nGood.\n"))
        #expect(!text.contains("Exit codes"))
    }

    @Test("There is no page of a hidden command, or of one that there is not")
    func none() {
        let tree = CommandCompletionTests.tree
        #expect(ManualPage(of: tree, path: ["secret"], version: "1", date: "d") == nil)
        #expect(ManualPage(of: tree, path: ["nothing"], version: "1", date: "d") == nil)
        #expect(tree.paths == [[], ["run"], ["show"], ["show", "all"]])
    }
}
